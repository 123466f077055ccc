import type { TidingsError } from '@tidings/protocol'
import { RedisRefusal, RedisUnanswered, whyRefused } from '../../redis/redis-error.ts'
import { storageFull, storageUnanswered, storageUnavailable } from '../refusals.ts'
import { StoreRefused } from '../store-refused.ts'
import { LogMissing } from './selector.ts'

/** Answers of a Redis that stores nothing now, for want of memory or of disk. */
const full = new Set(['OOM', 'MISCONF'])

/** Of one that stores nothing as long as too few replicas follow it. */
const lonely = 'NOREPLICAS'

/** Answers of one that is not, or not yet, the one that stores. */
const elsewhere = new Set([
  'READONLY',
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'MOVED',
  'BUSY',
  'NOAUTH',
  'NOPERM',
])

/** Whether another connection may do better. */
export function wantsAnother(error: unknown): boolean {
  return error instanceof LogMissing || (error instanceof RedisRefusal && elsewhere.has(error.code))
}

/** Why something could not be written. */
export function refusalOfWrite(error: Error): TidingsError {
  if (error instanceof RedisUnanswered) return storageUnanswered(error)
  if (!(error instanceof RedisRefusal)) return storageUnavailable(error)
  if (full.has(error.code)) return storageFull(error)
  // A script that was broken off may have written before.
  const isUndone = elsewhere.has(error.code) || error.code === lonely
  return isUndone ? storageUnavailable(error) : storageUnanswered(error)
}

/** Why something could not be read. */
export function refusalOfRead(error: Error): TidingsError {
  return storageUnavailable(error)
}

/**
 * Why a Redis will never do, if that is so.
 * @param shown its address, as people may see it.
 */
export function refusalOfStore(reason: Error, shown: string): StoreRefused | undefined {
  if (reason instanceof StoreRefused) return reason
  const why = whyRefused(reason, shown)
  return why === undefined ? undefined : new StoreRefused(why)
}
