import { connect, type Status, type TidingsEvent, type TidingsStream } from '@tidings/client'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ServerProcess } from '../support/server-process.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { publish } from './posting.ts'

test('events arrive by type and topic, with their id, topic, time and data', async () => {
  await using server = await ServerProcess.start()
  await using stream = connect({ url: `${server.url}/events`, topics: ['orders/*', 'prices'] })
  const all: TidingsEvent[] = []
  const orders: TidingsEvent[] = []
  const prices: TidingsEvent[] = []
  stream.on('*', (event) => all.push(event))
  stream.on('placed', (event) => orders.push(event), { topic: 'orders/*' })
  stream.on('placed', (event) => prices.push(event), { topic: 'prices' })
  await isLive(stream)

  const before = Date.now()
  const ids = await publish(server.url, [
    { topic: 'orders/1', type: 'placed', data: { total: 5 } },
    { topic: 'prices', text: 'no JSON' },
    { topic: 'elsewhere', data: 1 },
  ])
  await until('both events', () => all.length === 2)

  expect(all[0]).toMatchObject({
    id: ids[0],
    type: 'placed',
    topic: 'orders/1',
    data: { total: 5 },
    text: '{"total":5}',
    isReplayed: false,
  })
  expect(Math.abs(all[0]!.timeMs - before)).toBeLessThan(60_000)
  expect(all[1]).toMatchObject({ id: ids[1], type: 'message', topic: 'prices', data: 'no JSON' })
  expect(orders).toEqual([all[0]])
  expect(prices).toEqual([])
})

test('what was missed arrives when the connection is back, once and in order', async () => {
  // It comes back when the test says so, and not before.
  await using server = await ServerProcess.start({ settings: { retryMs: 60_000 } })
  await using proxy = await TcpProxy.start(server.port)
  await using stream = connect({ url: `http://127.0.0.1:${proxy.port}/events`, topics: ['orders'] })
  const events: TidingsEvent[] = []
  stream.on('*', (event) => events.push(event))
  const states = statesOf(stream)
  await isLive(stream)
  await publish(server.url, numbered(0, 3))
  await until('the first events', () => events.length === 3)

  proxy.cut('RST')
  await until('the loss to be noticed', () => stream.status.state !== 'live')
  await publish(server.url, numbered(3, 5))
  stream.reconnect()
  await until('the missed events', () => events.length === 8)
  await isLive(stream)

  expect(events.map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(events.map(({ isReplayed }) => isReplayed)).toEqual([
    ...Array(3).fill(false),
    ...Array(5).fill(true),
  ])
  expect(stream.status.returned).toMatchObject({ replayed: 5 })
  expect(states).toEqual(['live', 'waiting', 'connecting', 'catching-up', 'live'])
})

test('a server that is killed and started again is found again, and nothing is lost', async () => {
  await using server = await ServerProcess.start()
  await using stream = connect({ url: `${server.url}/events`, topics: ['orders'] })
  const events: TidingsEvent[] = []
  stream.on('*', (event) => events.push(event))
  await isLive(stream)
  await publish(server.url, numbered(0, 2))
  await server.kill('SIGKILL')
  await until('the loss to be noticed', () => stream.status.state === 'waiting')
  expect(stream.status.trouble?.code).toMatch(/network|ended/)
  expect(stream.status.retryAtMs).toBeGreaterThan(Date.now() - 1_000)
  await server.start()
  await publish(server.url, numbered(2, 2))
  await until('all events', () => events.length === 4, { timeoutMs: 60_000 })
  expect(events.map(({ data }) => data)).toEqual([0, 1, 2, 3])
})

test('schemas give handlers their types, and keep bad data away from them', async () => {
  await using server = await ServerProcess.start()
  const price = z.object({ symbol: z.string(), cents: z.number().transform((value) => value / 100) })
  const prices: number[] = []
  const invalid: string[] = []
  await using stream = connect({
    url: `${server.url}/events`,
    topics: ['prices'],
    events: { price },
    onInvalid: ({ event, issues }) => invalid.push(`${event.text}: ${issues.length}`),
  })
  stream.on('price', ({ data }) => prices.push(data.cents))
  await isLive(stream)
  await publish(server.url, [
    { topic: 'prices', type: 'price', data: { symbol: 'X', cents: 150 } },
    { topic: 'prices', type: 'price', data: { symbol: 'X' } },
    { topic: 'prices', type: 'price', data: { symbol: 'X', cents: 250 } },
  ])
  await until('all prices', () => prices.length === 2)
  expect(prices).toEqual([1.5, 2.5])
  expect(invalid).toEqual(['{"symbol":"X"}: 1'])
})

test('handlers are called one after another, and the place moves only when they are done', async () => {
  await using server = await ServerProcess.start()
  await using stream = connect({ url: `${server.url}/events`, topics: ['orders'] })
  const log: string[] = []
  const gates: (() => void)[] = []
  stream.on('*', ({ data }) => {
    log.push(`begin ${data}`)
    return new Promise<void>((resolve) => gates.push(resolve)).then(() => log.push(`end ${data}`))
  })
  await isLive(stream)
  const ids = await publish(server.url, numbered(0, 2))
  await until('the first handler', () => gates.length === 1)
  expect(log).toEqual(['begin 0'])
  expect(stream.status.lastEventId).not.toBe(ids[0])
  gates[0]!()
  await until('the second handler', () => gates.length === 2)
  expect(log).toEqual(['begin 0', 'end 0', 'begin 1'])
  expect(stream.status.lastEventId).toBe(ids[0])
  gates[1]!()
  await until('the end', () => stream.status.lastEventId === ids[1])
})

test('a loop takes events as they come, and an event counts as handled when the loop comes back', async () => {
  await using server = await ServerProcess.start()
  await using stream = connect({ url: `${server.url}/events`, topics: ['orders'] })
  const loop = stream.events({ limit: 2 })
  await isLive(stream)
  const ids = await publish(server.url, numbered(0, 50))
  const taken: unknown[] = []
  for await (const event of loop) {
    if (event.data !== 0)
      await until('the place of the one before', () => stream.status.lastEventId === ids[taken.length - 1])
    taken.push(event.data)
    if (taken.length === 50) break
  }
  expect(taken).toEqual(Array.from({ length: 50 }, (_, index) => index))
})

test('topics are added and taken away on the open stream', async () => {
  await using server = await ServerProcess.start()
  await using stream = connect({ url: `${server.url}/events`, topics: ['a'] })
  const events: TidingsEvent[] = []
  stream.on('*', (event) => events.push(event))
  await isLive(stream)
  const clientId = await until('its name', () => stream.status.clientId)
  await Promise.all([stream.add('b'), stream.add('c', 'd')])
  await publish(server.url, [
    { topic: 'b', data: 1 },
    { topic: 'd', data: 2 },
  ])
  await until('both', () => events.length === 2)
  stream.remove('b')
  await stream.add('e')
  await publish(server.url, [
    { topic: 'b', data: 3 },
    { topic: 'e', data: 4 },
  ])
  await until('the third', () => events.length === 3)
  expect(events.map(({ data }) => data)).toEqual([1, 2, 4])
  expect(stream.topics).toEqual(['a', 'c', 'd', 'e'])
  expect(stream.status.clientId).toBe(clientId)
})

test('a topic that is wanted twice is wanted until both are done with it, from the start too', async () => {
  await using server = await ServerProcess.start()
  await using stream = connect({ url: `${server.url}/events`, topics: ['a', 'b', 'b'] })
  await stream.add('a')
  stream.remove('a', 'b')
  expect(stream.topics).toEqual(['a', 'b'])
  stream.remove('a', 'b')
  expect(stream.topics).toEqual([])
})

test('a topic that is refused keeps no other away, and is said', async () => {
  await using server = await ServerProcess.start()
  await using stream = connect({ url: `${server.url}/events`, topics: ['a'] })
  await isLive(stream)
  const good = stream.add('b')
  await expect(stream.add('not a topic')).rejects.toThrow(/white space/)
  await good
  expect(stream.topics).toEqual(['a', 'b'])
  expect(stream.status).toMatchObject({
    state: 'live',
    trouble: { code: 'topics', problem: 'invalid_topic' },
  })
})

function numbered(first: number, count: number): { topic: string; data: number }[] {
  return Array.from({ length: count }, (_, index) => ({ topic: 'orders', data: first + index }))
}

async function isLive(stream: TidingsStream): Promise<void> {
  await until(
    () => `the stream to be live: ${JSON.stringify(stream.status)}`,
    () => stream.status.state === 'live',
  )
}

/** The states that the stream goes through from now on. */
function statesOf(stream: TidingsStream): Status['state'][] {
  const states: Status['state'][] = []
  stream.onStatus(({ state }) => {
    if (state !== states.at(-1)) states.push(state)
  })
  return states
}
