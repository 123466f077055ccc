import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { EventLog } from './event-log.ts'

/**
 * Opens the log that the settings name. Engines are loaded when they are used.
 * @throws StoreRefused if the file can't be used; the message says what to do.
 */
export async function openLog(settings: Settings): Promise<EventLog> {
  const { idempotencyWindowMs, durability } = settings
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
