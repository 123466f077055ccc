import { malformedControlData } from '@tidings/conformance/bad-server'
import { expect, test } from 'vitest'
import type { Message } from '../parser.ts'
import { Dialect } from './dialect.ts'

const connected = message('connected', {
  clientId: 'c',
  resumed: false,
  cursor: 'k3v9x0a1b2.7ps.x9k2m',
  heartbeatMs: 15_000,
})

/** What each control event has at least. */
const controls = [
  connected,
  message('live', { cursor: 'k3v9x0a1b2.7ps.x9k2m', replayed: 0 }),
  message('gap', { reason: 'epoch', from: null, to: 'k3v9x0a1b2.7ps.x9k2m', missed: null }),
  message('expiring', { expiresAt: '2026-01-01T00:00:00.000Z', expiresInMs: 60_000 }),
  message('goodbye', { reason: 'drain', reconnect: true, retryMs: 2_000 }),
]

function message(type: string, data: unknown, more: Partial<Message> = {}): Message {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return { type, data: text, id: undefined, lastEventId: 'p', topic: undefined, timeMs: undefined, ...more }
}

function kinds(messages: readonly Message[], dialect = new Dialect(false)): string[] {
  return messages.map((each) => dialect.read(each).kind)
}

test('a stream that begins with connected is one of Tidings: its control events are no events', () => {
  expect(kinds(controls)).toEqual(Array(5).fill('control'))
  expect(kinds([connected, message('message', 1), ...controls.slice(1)])).toEqual([
    'control',
    'event',
    'control',
    'control',
    'control',
    'control',
  ])
})

test('a stream that begins with goodbye is one that Tidings refuses', () => {
  const dialect = new Dialect(false)
  expect(dialect.read(controls[4]!)).toMatchObject({
    kind: 'control',
    type: 'goodbye',
    value: { reason: 'drain', reconnect: true, retryMs: 2_000 },
    place: 'p',
  })
  expect(dialect.isTidings).toBe(true)
})

test.each(controls.slice(1, 4))('a stream that begins with $type is somebody else’s', (first) => {
  const dialect = new Dialect(true)
  expect(kinds([first, ...controls], dialect)).toEqual(Array(6).fill('event'))
  expect(dialect.isTidings).toBe(false)
})

test('on a stream that begins with an event, all names are the application’s', () => {
  expect(kinds([message('update', 1), ...controls])).toEqual(Array(6).fill('event'))
})

test('nothing is known before something has arrived', () => {
  expect(new Dialect(false).isTidings).toBeUndefined()
})

test('an event that is only called connected does not make a stream one of Tidings', () => {
  for (const data of ['hello', '"connected"', 'null', '[]', '{"user":"alice"}', '']) {
    const dialect = new Dialect(false)
    expect(dialect.read(message('connected', data))).toMatchObject({
      kind: 'event',
      type: 'connected',
      text: data,
    })
    expect(dialect.isTidings).toBe(false)
  }
})

test('types that every object has by nature are events', () => {
  for (const type of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(kinds([message(type, {})])).toEqual(['event'])
    expect(kinds([connected, message(type, {}), message(type, 'x')])).toEqual(['control', 'event', 'event'])
  }
})

test('control events of malformed data throw nothing', () => {
  for (const data of malformedControlData)
    for (const { type } of controls) expect(kinds([connected, message(type, data)])[0]).toBe('control')
})

test('only on a Tidings stream is what arrives before live marked as missed', () => {
  const event = message('message', 1)
  const isReplayed = (dialect: Dialect): boolean[] =>
    [event, event].map((each) => {
      const block = dialect.read(each)
      return block.kind === 'event' && block.isReplayed
    })
  const tidings = new Dialect(true)
  tidings.read(connected)
  expect(isReplayed(tidings)).toEqual([true, true])
  tidings.isBehind = false
  expect(isReplayed(tidings)).toEqual([false, false])
  expect(isReplayed(new Dialect(true))).toEqual([false, false])
})

test('an event keeps what the wire says of it; its time is now if the server does not say', () => {
  const block = new Dialect(false).read(
    message('placed', { total: 5 }, { id: 'a', lastEventId: 'a', topic: 'orders/1', timeMs: 5 }),
  )
  expect(block).toEqual({
    kind: 'event',
    type: 'placed',
    text: '{"total":5}',
    id: 'a',
    topic: 'orders/1',
    timeMs: 5,
    isReplayed: false,
    place: 'a',
  })
  const beforeMs = Date.now()
  const foreign = new Dialect(false).read(message('message', 'x'))
  expect(foreign).toMatchObject({ id: '', topic: undefined, place: 'p' })
  expect(foreign).toHaveProperty(
    'timeMs',
    expect.toSatisfy((ms: number) => ms >= beforeMs && ms <= Date.now()),
  )
})
