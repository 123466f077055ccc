import { expect, it } from 'vitest'
import { resolveSettings } from '../../config/settings.ts'
import { checkConfiguration, type Facts } from './configuration.ts'

const day = 86_400_000
const now = Date.UTC(2026, 10, 21)

const sound: Facts = {
  node: '24.21.0',
  sqlite: '3.53.4',
  descriptors: 1_048_576,
  folderMode: 0o700,
  keysMode: 0o600,
  tlsKeyMode: undefined,
  freeBytes: 2 ** 40,
  hasKeys: true,
  whyNoStore: undefined,
  hasIssuers: false,
  redis: undefined,
  certificateEndsAt: undefined,
  now,
}

/** What there is to mend, as `level check`, in settings and a machine that are sound but for what is given. */
function trouble(given: Parameters<typeof resolveSettings>[0] = {}, facts: Partial<Facts> = {}): string[] {
  const settings = resolveSettings({ allowedHosts: ['push.example'], ...given })
  return checkConfiguration(settings, { ...sound, ...facts })
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check }) => `${level} ${check}`)
}

it('finds nothing where there is nothing', () => {
  expect(trouble()).toEqual([])
})

it('keys that cannot be read are to be mended, before anything is said of who would be let in', () => {
  expect(trouble({}, { hasKeys: false, whyNoStore: 'Redis does not answer' })).toEqual(['fail mode'])
})

it('dev mode is pointed out, and must not be reached through a proxy', () => {
  expect(trouble({ allowedHosts: [] }, { hasKeys: false })).toEqual(['warn mode'])
  expect(trouble({ allowedHosts: ['localhost'] }, { hasKeys: false })).toEqual(['warn mode'])
  expect(trouble({}, { hasKeys: false })).toEqual(['warn mode', 'fail proxy'])
  expect(trouble({ allowedHosts: [], trustedHops: 1 }, { hasKeys: false })).toEqual([
    'warn mode',
    'fail proxy',
  ])
})

it('production without a key leaves nobody who may publish', () => {
  expect(trouble({ dev: 'off' }, { hasKeys: false })).toEqual(['warn mode'])
  expect(trouble({}, { hasKeys: false, hasIssuers: true })).toEqual(['warn mode'])
})

it('names and origins that are wider than need be', () => {
  expect(trouble({ allowedHosts: [] })).toEqual(['warn names'])
  expect(trouble({ corsOrigins: ['*'] })).toEqual(['warn origins'])
  expect(trouble({ corsOrigins: ['http://app.example'] })).toEqual(['warn origins'])
  expect(trouble({ corsOrigins: ['http://localhost:5173', 'https://app.example'] })).toEqual([])
})

it('an address that others reach wants TLS, and to know of its proxies', () => {
  expect(trouble({ host: '0.0.0.0' })).toEqual(['warn proxy', 'warn TLS'])
  const files = { host: '0.0.0.0', tlsCert: 'cert.pem', tlsKey: 'key.pem' }
  expect(trouble(files, { certificateEndsAt: now + 30 * day })).toEqual([])
  expect(trouble(files, { certificateEndsAt: now + 13 * day })).toEqual(['warn TLS'])
  expect(trouble(files, { certificateEndsAt: now - day })).toEqual(['fail TLS'])
})

it('files that others on the machine can read or change', () => {
  expect(trouble({}, { keysMode: 0o640 })).toEqual(['fail files'])
  expect(trouble({}, { tlsKeyMode: 0o644 })).toEqual(['fail files'])
  expect(trouble({}, { tlsKeyMode: 0o640 })).toEqual([])
  expect(trouble({}, { folderMode: 0o777 })).toEqual(['fail files'])
  expect(trouble({}, { folderMode: undefined, keysMode: undefined })).toEqual([])
})

it('limits that the machine does not have', () => {
  expect(trouble({ maxConnections: 100_000 }, { descriptors: 65_536 })).toEqual(['warn descriptors'])
  expect(trouble({}, { descriptors: undefined })).toEqual([])
  expect(trouble({ retentionBytes: 2 ** 30 }, { freeBytes: 2 ** 30 })).toEqual(['warn disk'])
  expect(trouble({ store: 'memory:' })).toEqual(['warn store'])
})

it('a SQLite that could lose data', () => {
  expect(trouble({}, { sqlite: '3.51.2' })).toEqual(['fail versions'])
  expect(trouble({}, { sqlite: '3.51.3' })).toEqual([])
  expect(trouble({}, { sqlite: '4.0.0' })).toEqual([])
})

it('a Redis that gives less than is asked for is to be mended; one that may lose what nobody minds is pointed out', () => {
  const redis = {
    run: 'r1',
    version: '7.2.4',
    isMaster: true,
    durability: 'fsync',
    isEvicting: false,
    isProvable: true,
    warnings: [],
  } as const
  const store = 'redis://redis.example'
  expect(trouble({ store }, { redis })).toEqual([])
  const weak = { ...redis, durability: 'os-buffer', warnings: ['appendfsync is everysec'] } as const
  expect(trouble({ store }, { redis: weak })).toEqual(['fail store'])
  expect(trouble({ store, durability: 'os-buffer' }, { redis: weak })).toEqual(['warn store'])
  expect(trouble({ store })).toEqual(['fail store'])
})
