import { TidingsError } from '@tidings/protocol'

/**
 * The members of a body that is one JSON object.
 * @throws TidingsError `invalid_field` if it is something else, or has a member that nobody reads.
 */
export function readFields(body: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new TidingsError('invalid_field', `The body is one JSON object with ${known.join(', ')}.`)
  }
  for (const name of Object.keys(body)) {
    if (known.includes(name)) continue
    const field = name.slice(0, 64).toWellFormed()
    const message = `There is no field ${JSON.stringify(field)} here; there is ${known.join(', ')}.`
    throw new TidingsError('invalid_field', message, { field })
  }
  return body as Readonly<Record<string, unknown>>
}

/** Strings of a list in a body. */
const maxItems = 1_000

/**
 * A list of strings; an empty one, if it is absent.
 * @throws TidingsError `invalid_field`.
 */
export function readList(field: string, value: unknown): string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.length <= maxItems && value.every((one) => typeof one === 'string'))
    return value
  throw new TidingsError('invalid_field', `${field} is a list of at most ${maxItems} strings.`, { field })
}
