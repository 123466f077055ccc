import { TidingsError } from '@tidings/protocol'
import type { FastifyRequest } from 'fastify'
import { refuseQueryCredential } from '../auth/query-credential.ts'

/**
 * The query of a request.
 * @throws TidingsError `invalid_query` if it is no percent-encoded UTF-8: a topic read with replacement
 *   characters would be another topic.
 */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const { url = '' } = request.raw
  const mark = url.indexOf('?')
  if (mark === -1) return new URLSearchParams()
  const search = url.slice(mark + 1)
  try {
    decodeURIComponent(search)
  } catch (cause) {
    throw new TidingsError('invalid_query', 'The query is not valid percent-encoded UTF-8.', { cause })
  }
  return new URLSearchParams(search)
}

/** @throws TidingsError `invalid_query` if there is a parameter that nobody reads: it is most likely misspelt. */
export function refuseOthers(params: URLSearchParams, known: readonly string[]): void {
  for (const name of params.keys()) {
    if (known.includes(name)) continue
    refuseQueryCredential(name)
    const field = name.slice(0, 64).toWellFormed()
    throw wrongQuery(
      field,
      `There is no parameter ${JSON.stringify(field)} here; there is ${known.join(', ')}.`,
    )
  }
}

/**
 * Reads a parameter that holds a whole number.
 * @throws TidingsError `invalid_query`, naming it.
 */
export function readCount(
  params: URLSearchParams,
  name: string,
  range: { readonly min: number; readonly max: number; readonly default: number },
): number {
  const text = readOne(params, name)
  if (text === undefined) return range.default
  const count = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (count >= range.min && count <= range.max) return count
  throw wrongQuery(name, `${name} must be a whole number from ${range.min} to ${range.max}.`)
}

/**
 * Reads a parameter that may be there once.
 * @throws TidingsError `invalid_query` if it is there twice.
 */
export function readOne(params: URLSearchParams, name: string): string | undefined {
  const values = params.getAll(name)
  if (values.length > 1) throw wrongQuery(name, `${name} may be given once.`)
  return values[0]
}

/** An error about one parameter. */
export function wrongQuery(name: string, message: string): TidingsError {
  return new TidingsError('invalid_query', message, { field: name })
}
