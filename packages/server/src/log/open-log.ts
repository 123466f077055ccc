import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import { readRedisAddress } from '../config/store-address.ts'
import type { EventLog, StoreNotice } from './event-log.ts'

/**
 * Opens the log that the settings name. Engines are loaded when they are used.
 * @param onNotice told what whoever runs this should know of the store.
 * @throws StoreRefused if the store can't be used; the message says what to do.
 */
export async function openLog(
  settings: Settings,
  onNotice?: (notice: StoreNotice) => void,
): Promise<EventLog> {
  const { idempotencyWindowMs, durability } = settings
  const address = readRedisAddress(settings.store)
  if (address !== undefined) {
    const { createRedisLog } = await import('./redis/redis-log.ts')
    return createRedisLog({ address, durability, idempotencyWindowMs, ...(onNotice && { onNotice }) })
  }
  if (settings.store === 'memory:') {
    const { createMemoryLog } = await import('./memory/memory-log.ts')
    return createMemoryLog({ idempotencyWindowMs })
  }
  const { createSqliteLog } = await import('./sqlite/sqlite-log.ts')
  const path =
    settings.store === '' ? join(settings.data, 'tidings.db') : settings.store.slice('sqlite:'.length)
  // Less than the file gives anyway is not worth asking for.
  return createSqliteLog({
    path,
    durability: durability === 'memory' ? 'os-buffer' : durability,
    idempotencyWindowMs,
  })
}
