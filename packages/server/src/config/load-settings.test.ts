import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSettings, type Sources } from './load-settings.ts'
import { defaultSettings, type Settings } from './settings.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidings-config-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

function load(sources: Partial<Sources>): Settings {
  return loadSettings({ flags: { values: {} }, environment: {}, folder, ...sources })
}

function write(content: unknown, name = 'tidings.config.json'): void {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
}

describe('precedence', () => {
  test('flags win over the environment, the environment over the file, the file over the defaults', () => {
    write({ port: 1, heartbeatMs: '1s', retryMs: 5, tailBytes: '1MiB' })
    const environment = { TIDINGS_PORT: '2', TIDINGS_HEARTBEAT_MS: '2s', TIDINGS_RETRY_MS: '7' }
    const settings = load({ environment, flags: { values: { port: '3', heartbeatMs: '3s' } } })
    expect(settings).toEqual({
      ...defaultSettings,
      port: 3,
      heartbeatMs: 3_000,
      retryMs: 7,
      tailBytes: 1_048_576,
    })
  })

  test('PORT is the port, unless TIDINGS_PORT says otherwise', () => {
    expect(load({ environment: { PORT: '4000' } }).port).toBe(4000)
    expect(load({ environment: { PORT: '4000', TIDINGS_PORT: '5000' } }).port).toBe(5000)
  })
})

describe('the file', () => {
  test('without one the defaults hold', () => {
    expect(load({})).toEqual(defaultSettings)
  })

  test('another one may be named by flag or environment', () => {
    write({ port: 1 }, 'a.json')
    write({ port: 2 }, 'b.json')
    expect(load({ environment: { TIDINGS_CONFIG: 'a.json' } }).port).toBe(1)
    expect(load({ environment: { TIDINGS_CONFIG: 'a.json' }, configFile: 'b.json' }).port).toBe(2)
  })

  test('one that is named must exist', () => {
    expect(() => load({ configFile: 'absent.json' })).toThrow('config (file absent.json) does not exist')
  })

  test.each([
    ['{"port": 1,}', 'is not valid JSON'],
    ['[]', 'must hold one JSON object'],
    ['null', 'must hold one JSON object'],
    ['', 'is not valid JSON'],
  ])('%j is refused', (content, why) => {
    write(content)
    expect(() => load({})).toThrow(why)
  })
})

describe('mistakes', () => {
  test('of all sources are reported at once, each with its source and the nearest name', () => {
    write({ hartbeatMs: 1 })
    const environment = { TIDINGS_HARTBEAT_MS: '1', TIDINGS_STALL_MS: 'soon' }
    const flags = { values: { port: 'x' }, unknown: ['--hartbeat-ms'] }
    expect(() => load({ environment, flags })).toThrow(
      [
        '5 settings are wrong:',
        '  hartbeatMs (file tidings.config.json) is not a setting; the nearest is heartbeatMs.',
        '  TIDINGS_HARTBEAT_MS (environment TIDINGS_HARTBEAT_MS) is not a setting; the nearest is TIDINGS_HEARTBEAT_MS.',
        '  stallMs (environment TIDINGS_STALL_MS) is "soon", which is not a duration; give 10ms to 24d, such as 30s.',
        '  port (flag --port) is "x", which is not a whole number; give 0 to 65535, such as 3000.',
        '  --hartbeat-ms (flag) is not a setting; the nearest is --heartbeat-ms.',
      ].join('\n'),
    )
  })

  test('of a secret, which has no flag, it is said why', () => {
    const flags = { values: {}, unknown: ['--jwt-secret', '--issuers'] }
    const why = 'is a secret, and everybody on this machine can read flags; use the environment or the file.'
    expect(() => load({ flags })).toThrow(
      `  jwtSecret (flag --jwt-secret) ${why}\n  issuers (flag --issuers) ${why}`,
    )
  })

  test('a store is not taken for a folder of that name', () => {
    expect(() => load({ flags: { values: { data: 'memory:' } } })).toThrow(
      'data (flag --data) is "memory:", which is not allowed; give the path of a folder; stores such as',
    )
  })

  test('a value that another wins over is checked all the same', () => {
    write({ port: -1 })
    expect(() => load({ flags: { values: { port: '1' } } })).toThrow('port (file tidings.config.json) is -1')
  })
})

describe('the environment', () => {
  test('what is set to nothing counts as absent', () => {
    const environment = { TIDINGS_PORT: '', PORT: '', TIDINGS_CONFIG: '', TIDINGS_HARTBEAT: '' }
    expect(load({ environment })).toEqual(defaultSettings)
  })

  test('what Kubernetes sets for a service named tidings is passed over', () => {
    const environment = {
      TIDINGS_SERVICE_HOST: '10.0.0.1',
      TIDINGS_SERVICE_PORT: '3000',
      TIDINGS_SERVICE_PORT_HTTP: '3000',
      TIDINGS_PORT: 'tcp://10.0.0.1:3000',
      TIDINGS_PORT_3000_TCP: 'tcp://10.0.0.1:3000',
      TIDINGS_PORT_3000_TCP_ADDR: '10.0.0.1',
      TIDINGS_REDIS_PORT: 'tcp://10.0.0.2:6379',
    }
    expect(load({ environment })).toEqual(defaultSettings)
  })

  test('variables of others, and those of the other verbs, are no settings', () => {
    expect(load({ environment: { HOME: '/', TIDINGS_URL: 'http://localhost:3000' } })).toEqual(
      defaultSettings,
    )
  })
})
