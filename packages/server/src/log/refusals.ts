import { TidingsError } from '@tidings/protocol'

/** The errors that every engine answers with (PROTOCOL §9). */

/** The key came before, with other events. */
export function idempotencyMismatch(): TidingsError {
  return new TidingsError(
    'idempotency_mismatch',
    'This Idempotency-Key was used with other events a short while ago; use a new key for new events.',
  )
}

/** Nothing was stored, and the same append may succeed later. */
export function storageFull(cause: Error): TidingsError {
  return new TidingsError(
    'storage_full',
    `Nothing was stored: ${cause.message}. Free space for the database, then try again.`,
    { cause },
  )
}

/** The store can't be reached: nothing was done. */
export function storageUnavailable(cause: Error): TidingsError {
  return new TidingsError(
    'storage_unavailable',
    `Nothing was done: ${cause.message}. It is being tried again; come back in a moment.`,
    { cause },
  )
}

/** Whether the store may be back in a moment. */
export function isUnavailable(error: unknown): error is TidingsError {
  return error instanceof TidingsError && error.code === 'storage_unavailable'
}

/** The outcome is unknown, and the log lives on. */
export function storageUnanswered(cause: Error): TidingsError {
  return new TidingsError(
    'storage_unanswered',
    `${cause.message}. Whether this was stored is not known; retry with the same Idempotency-Key.`,
    { cause },
  )
}

/** The outcome is unknown and the log is dead. */
export function storageFailed(cause: Error): TidingsError {
  return new TidingsError(
    'storage_failed',
    `The store failed: ${cause.message}. Whether this was stored is not known; retry with the same Idempotency-Key.`,
    { cause },
  )
}

/** It was asked after `close`. */
export function logClosed(): TidingsError {
  return new TidingsError(
    'draining',
    'Nothing was done: the log is closed. Ask another server, or this one later.',
  )
}
