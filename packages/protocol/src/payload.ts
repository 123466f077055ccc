import { limits } from './limits.ts'
import { TidingsError } from './problem.ts'

/**
 * Writes an event's data as JSON (§3.3). Absent data is `null`.
 * @throws TidingsError `invalid_field` if JSON cannot hold it, `event_too_large`.
 */
export function writeJson(data: unknown): string {
  if (data === undefined) return 'null'
  const text = stringify(data)
  if (text === undefined)
    throw wrong('data', 'data is a function, a symbol or nothing; send a value of JSON.')
  if (text.includes('\\ud') && loneSurrogate.test(text)) {
    throw wrong('data', 'data has a lone surrogate, which UTF-8 cannot hold; send whole characters.')
  }
  return checkLength('data', text)
}

/**
 * Checks an event's text (§3.3) and returns it.
 * @throws TidingsError `invalid_field`, `event_too_large`.
 */
export function checkText(text: unknown): string {
  if (typeof text !== 'string') throw wrong('text', 'text must be a string; send anything else as data.')
  if (!text.isWellFormed()) {
    throw wrong('text', 'text has a lone surrogate, which UTF-8 cannot hold; send whole characters.')
  }
  return checkLength('text', text)
}

/** JSON.stringify leaves pairs as they are: what it escapes is alone. An even run of "\" escapes nothing. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/

function stringify(data: unknown): string | undefined {
  try {
    // First: JSON.stringify itself has no bound, and would follow a graph of 40 objects for 2^40 values.
    weigh(data, '', 1, { values: 0, length: 0 })
    return JSON.stringify(data)
  } catch (cause) {
    if (cause instanceof TidingsError) throw cause
    // A getter or a toJSON of the caller's may throw anything, even what has no text.
    const why = cause instanceof Error ? `: ${cause.message.split('\n', 1)[0]}` : ''
    throw wrong('data', `data cannot be written as JSON${why}.`, cause)
  }
}

/** What has been seen of a value so far: how many values, and how many characters they need at least. */
interface Weight {
  values: number
  length: number
}

/**
 * Walks what JSON.stringify will walk, and stops at the first bound. No list of what was seen is kept:
 * a cycle is too deep, and shared objects are too many.
 * @param depth of `value`, if it is an object or array: 1 is the outermost.
 */
function weigh(value: unknown, key: string | number, depth: number, weight: Weight): void {
  if (++weight.values > limits.dataValues) throw tooMany()
  // Bytes become one value each; listing their keys would cost a hundred times their memory.
  if (ArrayBuffer.isView(value) && value.byteLength > limits.dataValues) throw tooMany()
  const plain = asWritten(value, key)
  if (typeof plain === 'string') addLength(plain, weight)
  if (typeof plain !== 'object' || plain === null) return
  if (depth > limits.dataDepth) {
    throw wrong('data', `data is nested deeper than ${limits.dataDepth} levels, or holds itself.`)
  }
  if (Array.isArray(plain)) {
    for (let index = 0; index < plain.length; index++) weigh(plain[index], index, depth + 1, weight)
    return
  }
  for (const [name, inner] of Object.entries(plain)) {
    addLength(name, weight)
    weigh(inner, name, depth + 1, weight)
  }
}

/** What JSON.stringify would write for an object: a date, say, turns itself into a string. */
function asWritten(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value)) return value
  return typeof value.toJSON === 'function' ? value.toJSON(String(key)) : value
}

function addLength(text: string, weight: Weight): void {
  weight.length += text.length
  if (weight.length > limits.payloadLength) throw tooLong('data')
}

function checkLength(field: 'data' | 'text', text: string): string {
  if (text.length > limits.payloadLength) throw tooLong(field)
  return text
}

function wrong(field: 'data' | 'text', message: string, cause?: unknown): TidingsError {
  return new TidingsError('invalid_field', message, { field, cause })
}

function tooMany(): TidingsError {
  return wrong('data', `data holds more than ${limits.dataValues} values; split it into several events.`)
}

function tooLong(field: 'data' | 'text'): TidingsError {
  const message = `${field} is longer than ${limits.payloadLength} characters; publish a link to it instead.`
  return new TidingsError('event_too_large', message, { field })
}
