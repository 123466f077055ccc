/** What carries letters between the processes of one log. It may lose them. */
export interface Post {
  /** How many others there are, as far as is known. */
  readonly others: number
  /**
   * Sends a letter to one process, or to all others if none is named.
   * @returns how many are there to get it; 0 if nobody can be reached now.
   */
  send(to: string | undefined, letter: Letter): Promise<number>
  close(): Promise<void>
}

/** What one process writes to another. */
export type Letter =
  | {
      readonly kind: 'question'
      readonly from: string
      readonly number: number
      /** What kind of question it is. */
      readonly about: string
      readonly question: unknown
    }
  /** Without an `answer` if there is none: whoever asked need not wait for it. */
  | { readonly kind: 'answer'; readonly from: string; readonly number: number; readonly answer?: unknown }

/** The longest letter, in UTF-16 code units of its JSON: users of a full process, hashed, or the largest body twice. */
const longestLetter = 4 * 1024 * 1024

/**
 * Writes a letter down.
 * @throws RangeError if it is too long.
 */
export function writeLetter(letter: Letter): string {
  const text = JSON.stringify(letter)
  if (text.length > longestLetter) throw new RangeError(`a letter of ${text.length} characters is too long`)
  return text
}

/** Reads a letter; `undefined` if it is none. */
export function readLetter(text: string): Letter | undefined {
  if (text.length > longestLetter) return undefined
  try {
    const letter = (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>
    const { kind, from, number, about } = letter
    const isLetter = typeof from === 'string' && typeof number === 'number'
    if (isLetter && (kind === 'answer' || (kind === 'question' && typeof about === 'string'))) {
      return letter as unknown as Letter
    }
  } catch {
    // Somebody else's words on our channel are no letter.
  }
  return undefined
}
