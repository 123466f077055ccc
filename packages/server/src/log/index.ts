export type {
  Appended,
  AppendOptions,
  Batch,
  Bounds,
  Durability,
  EventLog,
  Page,
  ReadBackward,
  ReadForward,
  Retention,
  Selection,
  Standing,
  StoredEvent,
  StoreHealth,
  StoreNotice,
  Tail,
} from './event-log.ts'
export { createMemoryLog, type MemoryLogOptions } from './memory/memory-log.ts'
export { createRedisLog, type RedisLogOptions } from './redis/redis-log.ts'
export { createSqliteLog, type SqliteLogOptions } from './sqlite/sqlite-log.ts'
export { StoreRefused } from './store-refused.ts'
