/**
 * A place in the log: just after event `seq` of the history called `epoch` (PROTOCOL §4).
 * As text it is `<epoch>.<seq>.<tag>` and is also the id of that event.
 */
export interface Cursor {
  /** Names one unbroken history; changes whenever continuity with the past cannot be proven. */
  readonly epoch: string
  /** The dense number of the event, from 1; 0 is the place before the first. */
  readonly seq: number
  /** Five random characters stored with the event: they tell a reused number from the original. */
  readonly tag: string
}

/** The tag of place 0, where no event is. */
export const originTag = '00000'

/** Characters in an epoch, and in a tag. */
export const epochLength = 10
export const tagLength = 5

const form = /^([0-9a-z]{10})\.(0|[1-9a-z][0-9a-z]{0,10})\.([0-9a-z]{5})$/

/** The cursor as text: lower-case base 36, well under 64 characters (§4.1). */
export function formatCursor(cursor: Cursor): string {
  return `${cursor.epoch}.${cursor.seq.toString(36)}.${cursor.tag}`
}

/** Reads a cursor; `undefined` for anything that no server of ours has written (§4.2). */
export function parseCursor(text: string): Cursor | undefined {
  const parts = form.exec(text)
  if (parts === null) return undefined
  const seq = Number.parseInt(parts[2]!, 36)
  return Number.isSafeInteger(seq) ? { epoch: parts[1]!, seq, tag: parts[3]! } : undefined
}

/**
 * Random base-36 text, e.g. an epoch or a tag.
 * @param length in characters.
 */
export function randomBase36(length: number): string {
  let text = ''
  while (text.length < length) {
    const byte = randomByte()
    // 252 is the largest multiple of 36 in a byte: rejecting the rest keeps every digit equally likely.
    if (byte < 252) text += digits[byte % 36]
  }
  return text
}

/** Random bytes in stock: asking for a few at a time took a fifteenth of a publish. */
const stock = new Uint8Array(4_096)
let used = stock.length

function randomByte(): number {
  if (used === stock.length) {
    crypto.getRandomValues(stock)
    used = 0
  }
  return stock[used++]!
}

const digits = '0123456789abcdefghijklmnopqrstuvwxyz'
