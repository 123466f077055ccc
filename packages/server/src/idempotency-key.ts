import { limits, TidingsError } from '@tidings/protocol'
import { type Access, openAccess } from './auth/access.ts'
import type { AppendOptions } from './log/event-log.ts'

/**
 * The key under which the log remembers a publish. Two callers who choose the same key mean two things: neither may
 * learn of the other, or be kept from publishing. Whoever is nobody shares one space, as does everything that an app
 * publishes itself.
 * @throws TidingsError `invalid_idempotency_key`.
 */
export function keyOf(access: Access, idempotencyKey: string | undefined): AppendOptions {
  if (idempotencyKey === undefined) return {}
  const key = checkKey(idempotencyKey)
  return { idempotencyKey: access === openAccess ? key : `${access.caller} ${key}`.toWellFormed() }
}

/**
 * In the library a key may come from anywhere. What is no text, or none that UTF-8 can hold, a store would keep as
 * something else, and take its own file for damaged when the key comes again.
 */
function checkKey(key: unknown): string {
  const isKey = typeof key === 'string' && key !== '' && key.isWellFormed()
  if (isKey && key.length <= limits.idempotencyKeyLength) return key
  throw new TidingsError(
    'invalid_idempotency_key',
    `idempotencyKey must be text of 1 to ${limits.idempotencyKeyLength} characters.`,
    { field: 'idempotencyKey' },
  )
}
