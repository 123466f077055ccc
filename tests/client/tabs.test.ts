import { expect, test, vi } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { publish } from './posting.ts'
import { type Tab, Tabs } from './tabs.ts'

// Node has the locks and channels of browsers: streams of one process stand for tabs here. In a real browser they are
// tried in tests/browser/tabs.test.ts.

test('ten tabs have one connection, and each gets every event once', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 10)
  await tabs.areLive()
  await tabs.haveRoles({ leader: 1, follower: 9 })
  await until('one connection', async () => (await openStreams(server)) === 1)
  await publish(server.url, numbered(0, 20))
  await tabs.haveAll(numbers(20))
  await until('one connection still', async () => (await openStreams(server)) === 1)
})

test('another tab takes over from a leader that is closed; nothing is lost or doubled', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 4)
  await tabs.areLive()
  const sent = publishAll(server.url, 60)
  for (const enough of [10, 30]) {
    await until('some events', () => tabs.all.every(({ events }) => events.length >= enough))
    await tabs.closeLeader()
  }
  await sent
  await tabs.haveAll(numbers(60))
  await tabs.areLive()
  await tabs.haveRoles({ leader: 1, follower: 1 })
})

test('each tab gets what it wants, and what nobody wants any more is not asked for', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 0)
  const a = tabs.open({ topics: ['a'] })
  await tabs.areLive()
  const b = tabs.open({ topics: ['b'] })
  await b.stream.add('c')
  await publish(server.url, [
    { topic: 'a', data: 1 },
    { topic: 'b', data: 2 },
    { topic: 'c', data: 3 },
  ])
  await until('the events', () => a.events.length === 1 && b.events.length === 2)
  expect([a.data, b.data]).toEqual([[1], [2, 3]])
  expect(await topicsAtServer(server)).toEqual(['a', 'b', 'c'])

  b.stream.close()
  await until('the topics of the closed tab to go', async () => `${await topicsAtServer(server)}` === 'a')
  await expect(a.stream.add('not a topic')).rejects.toThrow(/white space/)
  expect(a.stream.topics).toEqual(['a'])
})

test('a topic that one tab may not have does not trouble the others', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 2)
  await tabs.areLive()
  const [leader, follower] = tabs.leaderFirst()
  await expect(follower!.stream.add('not a topic')).rejects.toThrow(/white space/)
  expect(follower!.stream.status.trouble).toMatchObject({ code: 'topics' })
  expect(leader!.stream.status.trouble).toBeUndefined()
})

test('a tab that was paused catches up by itself, and joins the others again', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 3)
  await tabs.areLive()
  await publish(server.url, numbered(0, 5))
  await tabs.haveAll(numbers(5))
  const [, follower] = tabs.leaderFirst()
  follower!.stream.pause()
  expect(follower!.stream.status.state).toBe('paused')
  await publish(server.url, numbered(5, 10))
  await until('the others', () => tabs.all.filter(({ events }) => events.length === 15).length === 2)
  expect(follower!.events).toHaveLength(5)
  follower!.stream.resume()
  await tabs.haveAll(numbers(15))
  await tabs.areLive()
  await publish(server.url, numbered(15, 5))
  await tabs.haveAll(numbers(20))
  await until('one connection', async () => (await openStreams(server)) === 1)
})

test('a tab whose handlers are slow keeps nobody waiting, and loses nothing', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 2)
  await tabs.areLive()
  const gate = Promise.withResolvers<void>()
  const [, slow] = tabs.leaderFirst()
  slow!.stream.on('*', () => gate.promise)
  const count = 6_000
  for (let first = 0; first < count; first += 1_000) await publish(server.url, numbered(first, 1_000))
  await until('the quick tab', () => tabs.leaderFirst()[0]!.events.length === count)
  gate.resolve()
  await tabs.haveAll(numbers(count))
})

test('a tab that comes with a place gets what it missed first', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 2)
  await tabs.areLive()
  const [lastEventId] = await publish(server.url, numbered(0, 1))
  await publish(server.url, numbered(1, 4))
  await tabs.haveAll(numbers(5))
  const late = tabs.open({ lastEventId })
  await until('what it missed', () => late.events.length === 4)
  expect(late.events.map(({ isReplayed }) => isReplayed)).toEqual([true, true, true, true])
  await publish(server.url, numbered(5, 1))
  await until('the next', () => late.events.length === 5)
  expect(late.data).toEqual([1, 2, 3, 4, 5])
})

test('a tab that comes with a place gets what it missed of a topic that nobody else wants', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 0)
  const [lastEventId] = await publish(server.url, numbered(0, 1))
  tabs.open({ lastEventId })
  await tabs.areLive()
  await publish(server.url, [{ topic: 'invoices', data: 1 }])
  // The others stand where this one comes from, and have not heard of what it missed.
  const late = tabs.open({ lastEventId, topics: ['invoices'] })
  await until('what it missed', () => late.events.length === 1)
})

test('a tab that was paused before it got anything misses nothing', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 1)
  await tabs.areLive()
  const [quick] = tabs.all
  // It comes so late that not even the first words of the server reach it.
  const tab = tabs.open()
  await tabs.areLive()
  tab.stream.pause()
  await publish(server.url, numbered(0, 5))
  await until('the other', () => quick!.events.length === 5)
  tab.stream.resume()
  await tabs.haveAll(numbers(5))
})

test('a tab that is closed before the code for sharing is there takes no part', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 1)
  const { stream } = tabs.all[0]!
  expect(stream.status).toMatchObject({ state: 'connecting', role: 'follower' })
  // Somebody has to be there to hear of it when it is refused.
  const refused = expect(stream.add('more')).rejects.toThrow('closed')
  await stream[Symbol.asyncDispose]()
  await refused
  expect(stream.status.state).toBe('idle')
  tabs.all = []
  tabs.open()
  await tabs.areLive()
  await tabs.haveRoles({ leader: 1, follower: 0 })
  expect(await openStreams(server)).toBe(1)
})

test('what is wished of a tab before the code for sharing is there is done', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 0)
  const { stream } = tabs.open({ topics: ['a'] })
  stream.pause()
  expect(stream.status.state).toBe('paused')
  const added = stream.add('b')
  stream.remove('a')
  stream.resume()
  await added
  expect(await topicsAtServer(server)).toEqual(['b'])
})

test('a tab that is paused and resumed at once, and again, misses nothing', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 3)
  for (const { stream } of tabs.all) {
    stream.pause()
    stream.resume()
  }
  await tabs.areLive()
  const sent = publishAll(server.url, 40)
  for (const enough of [5, 10, 20]) {
    await until('some events', () => tabs.all.every(({ events }) => events.length >= enough))
    for (const { stream } of tabs.all) {
      stream.pause()
      stream.resume()
      stream.pause()
    }
    for (const { stream } of tabs.all) stream.resume()
  }
  await sent
  await tabs.haveAll(numbers(40))
  await tabs.areLive()
  await until('one connection', async () => (await openStreams(server)) === 1)
  await tabs.haveRoles({ leader: 1, follower: 2 })
  for (const { stream } of tabs.all) stream.close()
  await until('all locks to be free', async () => (await tabs.locks()).length === 0)
})

test('a tab that is closed stays closed', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 1)
  await tabs.areLive()
  const [{ stream }] = tabs.all as [Tab]
  stream.close()
  stream.reconnect()
  stream.resume()
  expect(stream.status.state).toBe('idle')
  await until('no connection', async () => (await openStreams(server)) === 0)
})

test.each(['close', 'pause'] as const)(
  'a handler that calls %s() is the last that is called',
  async (how) => {
    await using server = await ServerProcess.start()
    await using tabs = new Tabs(server, 2)
    await tabs.areLive()
    const [leader, follower] = tabs.leaderFirst()
    for (const { stream, events } of [leader!, follower!]) {
      stream.on('*', () => {
        if (events.length === 3) stream[how]()
      })
    }
    await publish(server.url, numbered(0, 300))
    await until('the third event', () => leader!.events.length >= 3 && follower!.events.length >= 3)
    if (how === 'pause') {
      expect([leader!.data, follower!.data]).toEqual([numbers(3), numbers(3)])
      for (const { stream } of tabs.all) stream.resume()
      await tabs.haveAll(numbers(300))
    }
    for (const { stream } of tabs.all) await stream[Symbol.asyncDispose]()
    expect(leader!.data).toEqual(numbers(how === 'pause' ? 300 : 3))
    expect(follower!.data).toEqual(numbers(how === 'pause' ? 300 : 3))
  },
)

test('a tab that is paused by who hears that it is live misses nothing', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 1)
  const { stream } = tabs.all[0]!
  const stop = stream.onStatus(({ state, clientId }) => {
    if (state === 'live' && clientId !== undefined) stream.pause()
  })
  await until('the pause', () => stream.status.state === 'paused')
  stop()
  await publish(server.url, numbered(0, 5))
  stream.resume()
  await tabs.haveAll(numbers(5))
})

test('a store that fails is asked again when the application says so', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 1)
  await tabs.areLive()
  let isBroken = true
  const get = () => {
    if (isBroken) throw new Error('no disk')
    return undefined
  }
  const { stream } = tabs.open({ store: { get, put: () => {} } })
  await until('the refusal', () => stream.status.state === 'refused')
  expect(stream.status.trouble).toMatchObject({
    code: 'application',
    message: expect.stringMatching(/no disk/),
  })
  isBroken = false
  stream.reconnect()
  await tabs.areLive()
})

test.each(['paused', 'idle'] as const)(
  'a tab whose store has failed, and that is %s since, stays so when its page is left and comes back',
  async (state) => {
    const page = new EventTarget()
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
    try {
      await using server = await ServerProcess.start()
      await using tabs = new Tabs(server, 0)
      let asked = 0
      const get = () => {
        asked++
        throw new Error('no disk')
      }
      const { stream } = tabs.open({ store: { get, put: () => {} } })
      await until('the refusal', () => stream.status.state === 'refused')
      if (state === 'paused') stream.pause()
      else stream.close()
      await until(`it to be ${state}`, () => stream.status.state === state)
      for (const type of ['pagehide', 'pageshow']) page.dispatchEvent(new Event(type))
      // By then it would have asked again.
      expect(await openStreams(server)).toBe(0)
      expect([asked, stream.status.state]).toEqual([1, state])
    } finally {
      vi.unstubAllGlobals()
    }
  },
)

test('a tab that wants more while it catches up begins anew, and calls no two handlers at once', async () => {
  await using server = await ServerProcess.start()
  await using tabs = new Tabs(server, 1)
  const [lastEventId] = await publish(server.url, numbered(0, 1))
  await publish(server.url, numbered(1, 20))
  await tabs.areLive()
  const { stream } = tabs.open({ lastEventId })
  let busy = 0
  const most: number[] = []
  const got: unknown[] = []
  stream.on('*', async ({ data }) => {
    got.push(data)
    most.push(++busy)
    // While it catches up, something more is wanted: it begins anew from where its handlers are.
    if (data === 5) {
      await stream.add('more')
      for (let turn = 0; turn < 20; turn++) await openStreams(server)
    }
    await new Promise((resolve) => setImmediate(resolve))
    busy--
  })
  await until('all of it', () => got.length >= 20)
  expect(got).toEqual(numbers(21).slice(1))
  expect(Math.max(...most)).toBe(1)
})

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

function numbered(first: number, count: number): { topic: string; data: number }[] {
  return numbers(count).map((index) => ({ topic: 'orders', data: first + index }))
}

async function publishAll(url: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += 2) await publish(url, numbered(first, 2))
}

async function openStreams(server: ServerProcess): Promise<number> {
  const stats = (await (await fetch(`${server.url}/api/stats`)).json()) as { totalConnections: number }
  return stats.totalConnections
}

async function topicsAtServer(server: ServerProcess): Promise<string[]> {
  const topics = ['a', 'b', 'c']
  const query = topics.map((topic) => `topic=${topic}`).join('&')
  const { streams } = (await (await fetch(`${server.url}/api/presence?${query}`)).json()) as {
    streams: Record<string, number>
  }
  return topics.filter((topic) => (streams[topic] ?? 0) > 0)
}
