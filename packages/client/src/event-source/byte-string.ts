/**
 * A text as a header carries it: one character for each byte of its UTF-8. `fetch` refuses characters above U+00FF, and
 * would send those below as Latin-1, where the standard wants the bytes of UTF-8.
 */
export function byteString(text: string): string {
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}
