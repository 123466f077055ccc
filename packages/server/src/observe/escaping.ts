/** What JSON leaves as it is, and a terminal obeys or hides: the second set of controls, and format characters. */
const beyondJson = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const controls = /[\u0000-\u001f]/g

/** Writes the control characters that JSON leaves alone as its escapes; the JSON says the same as before. */
export function escapeBeyondJson(json: string): string {
  return json.replaceAll(beyondJson, escapeUnits)
}

/** Text on one line, in which nothing moves a cursor or changes a colour. */
export function escapeControls(text: string): string {
  return escapeBeyondJson(text).replaceAll(controls, (control) => JSON.stringify(control).slice(1, -1))
}

/** The same for a stack, whose lines are its own. One that its message makes up stays behind an escape. */
export function escapeStack(stack: string): string {
  const lines = stack.split(/\n(?= {4}at |caused by: )/)
  return lines.map(escapeControls).join('\n')
}

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
