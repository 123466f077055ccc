import { TidingsError } from '@tidings/protocol'

/** The fields of a JSON object that somebody sent, not checked yet. */
export type Fields = Readonly<Record<string, unknown>>

/** A rule for a field that holds text. */
export interface TextRule {
  /** The longest that is taken, in UTF-16 code units. */
  readonly maxLength: number
  /** Whether line breaks and tabs are taken. */
  readonly mayBreak?: boolean
}

/**
 * @param what for messages, e.g. `A notification`.
 * @throws TidingsError `invalid_field` if the body is no object.
 */
export function checkObject(body: unknown, what: string): Fields {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Fields
  throw new TidingsError(
    'invalid_field',
    `${what} is a JSON object; send {"…": …} with Content-Type: application/json.`,
  )
}

/** @throws TidingsError `invalid_field` if there is a field that nobody would read: it is most likely misspelt. */
export function refuseOthers(fields: Fields, known: readonly string[], what: string): void {
  for (const key of Object.keys(fields)) {
    if (known.includes(key)) continue
    const field = key.slice(0, 64).toWellFormed()
    throw wrong(field, `${what} has no field ${JSON.stringify(field)}; it has ${known.join(', ')}.`)
  }
}

/**
 * Reads a field that must hold text that can be seen.
 * @throws TidingsError `invalid_field`, naming it.
 */
export function readText(fields: Fields, name: string, { maxLength, mayBreak = false }: TextRule): string {
  const text = fields[name]
  if (typeof text !== 'string' || text.trim() === '' || text.length > maxLength) {
    throw wrong(name, `${name} must be text of 1 to ${maxLength} characters.`)
  }
  const refused = mayBreak ? controlsButBreaks : controls
  if (refused.test(text)) {
    throw wrong(name, `${name} must not hold control characters${mayBreak ? '' : ' or line breaks'}.`)
  }
  return text
}

/**
 * Reads a field that must hold one of a few words.
 * @throws TidingsError `invalid_field`, naming it and them.
 */
export function readChoice<Word extends string>(fields: Fields, name: string, words: readonly Word[]): Word {
  const word = words.find((word) => word === fields[name])
  if (word === undefined) throw wrong(name, `${name} must be one of ${words.join(', ')}.`)
  return word
}

/** An error about one field. */
export function wrong(field: string, message: string): TidingsError {
  return new TidingsError('invalid_field', message, { field })
}

const controls = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u
const controlsButBreaks = /(?![\t\r\n])[\p{Cc}\p{Cs}]/u
