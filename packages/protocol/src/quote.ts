/** Characters of foreign text that a message repeats. */
const shown = 64

/** Whatever a terminal, a log or a reader's eye would not show as itself; U+0020 alone may stay. */
const hidden = /(?! )[\p{C}\p{Z}]/gu

/** Text from outside, as an error message may repeat it: quoted, short, and with nothing invisible in it. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text.slice(0, shown))
  return quoted.replace(hidden, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
