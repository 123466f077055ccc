import { describe, expect, test } from 'vitest'
import { ConfigError } from './config-error.ts'
import { checkExposure } from './exposure.ts'
import { defaultSettings, resolveSettings, type Settings } from './settings.ts'

function mistakesOf(options: object): readonly string[] {
  try {
    resolveSettings(options as Partial<Settings>)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, remedy }) => `${key} ${remedy}`)
    throw error
  }
  return []
}

describe('settings', () => {
  test('without options the defaults hold', () => {
    expect(resolveSettings({})).toEqual(defaultSettings)
    expect(defaultSettings).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      heartbeatMs: 15_000,
      corsOrigins: [],
    })
  })

  test('they are frozen, lists too', () => {
    const settings = resolveSettings({ corsOrigins: ['https://app.example'] })
    expect(Object.isFrozen(settings)).toBe(true)
    expect(Object.isFrozen(settings.corsOrigins)).toBe(true)
    expect(Object.isFrozen(defaultSettings.corsOrigins)).toBe(true)
  })

  test('an option that is undefined counts as absent', () => {
    expect(resolveSettings({ port: undefined })).toEqual(defaultSettings)
  })

  test('the library takes text with a unit too', () => {
    expect(resolveSettings({ heartbeatMs: '20s' as never }).heartbeatMs).toBe(20_000)
  })

  test('all mistakes are reported together, each with its remedy', () => {
    expect(
      mistakesOf({ heartbeatMs: '5 parsecs', port: 99_999, durability: 'maybe', hartbeatMs: 1 }),
    ).toEqual([
      'heartbeatMs is "5 parsecs", which is not a duration; give 10ms to 1h, such as 15s',
      'port is 99999, which is out of range; give 0 to 65535, such as 3000',
      'durability is "maybe", which is not known; give one of fsync, os-buffer, memory',
      'hartbeatMs is not a setting; the nearest is heartbeatMs',
    ])
  })

  test.each([
    'redis://tidings:hunter2@localhost/main',
    // What makes it wrong may be in the password itself.
    'redis://tidings:hunter2/a@localhost',
    'redis://tidings:hunter2@a/b@localhost',
    'redis://tidings:6379#hunter2@localhost',
    'redis://:hunter2%@localhost',
    'redis:/tidings:hunter2@localhost',
    'redis:tidings:hunter2@localhost',
  ])('a password in an address that is wrong is not shown: %s', (store) => {
    const [mistake] = mistakesOf({ store })
    expect(mistake).toMatch(/redis:\/{0,2}…@localhost/)
    expect(mistake).toContain('percent-encoded')
    expect(mistake).not.toContain('hunter2')
  })

  test('a name that is near nothing gets no guess', () => {
    expect(mistakesOf({ umbrella: 1 })).toEqual([
      'umbrella is not a setting; docs/configuration.md and tidings serve --help list them all',
    ])
  })

  test.each(['__proto__', 'constructor', 'toString'])('%s is not a setting', (name) => {
    expect(mistakesOf(JSON.parse(`{"${name}": 1}`))).toHaveLength(1)
  })

  test.each([
    ['port', 1.5],
    ['port', -1],
    ['port', null],
    ['port', true],
    ['port', '3e3'],
    ['port', Number.NaN],
    ['maxEventBytes', 0],
    ['heartbeatMs', 0],
    ['stallMs', 2 ** 31],
    ['store', 'mysql://localhost'],
    ['store', 'sqlite:'],
    ['store', 'redis://'],
    ['store', 'redis://localhost/main'],
    ['data', ''],
    ['data', 'a\0b'],
    ['host', 'a b'],
    ['corsOrigins', 'app.example'],
    ['corsOrigins', ['https://app.example/']],
    ['corsOrigins', { 0: '*' }],
  ])('%s %j is refused', (key, value) => {
    expect(mistakesOf({ [key]: value })).toHaveLength(1)
  })

  test.each(['', 'memory:', 'sqlite:/var/lib/tidings.db', 'rediss://:secret@redis.example:6380/2?name=a'])(
    'store %j is taken',
    (store) => {
      expect(resolveSettings({ store }).store).toBe(store)
    },
  )

  test('origins may be written as a list with commas; duplicates count once', () => {
    const corsOrigins = ' https://a.example, http://localhost:5173,https://a.example ' as never
    expect(resolveSettings({ corsOrigins }).corsOrigins).toEqual([
      'https://a.example',
      'http://localhost:5173',
    ])
  })
})

describe('exposure', () => {
  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'LOCALHOST'])(
    '%s is this machine alone',
    (host) => {
      expect(checkExposure({ host, dev: 'on' })).toBeUndefined()
    },
  )

  test.each(['0.0.0.0', '::', '192.168.1.5', 'app.example', '::ffff:192.168.1.5', 'localhost.example'])(
    '%s is refused in dev mode, and nowhere else',
    (host) => {
      expect(mistakesOf({ host, dev: true })).toEqual([expect.stringContaining('tidings keys create')])
      expect(mistakesOf({ host })).toEqual([])
      expect(mistakesOf({ host, dev: 'off' })).toEqual([])
    },
  )
})
