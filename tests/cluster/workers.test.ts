import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { Settings } from '../../packages/server/src/config/settings.ts'
import { CliProcess, tidings } from '../cli/cli-process.ts'
import { freePort } from '../support/free-port.ts'
import { type FreshAnswer, freshRequest } from '../support/fresh-request.ts'
import { requireProgram } from '../support/programs.ts'
import { Publisher } from '../support/publisher.ts'
import { RedisServer } from '../support/redis-server.ts'
import { ServerProcess } from '../support/server-process.ts'
import { type ReaderOptions, SseReader } from '../support/sse-reader.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { syncCalls, Tracer } from '../support/tracer.ts'
import { until, within } from '../support/until.ts'
import { judge } from '../support/verdict.ts'

const strace = requireProgram('strace')

/** So many connections reach both of two workers: that one gets none happens once in a million times. */
const enough = 20

/** Starts a server with two workers, and waits for both: one alone is ready, too. */
async function startWorkers(settings: Partial<Settings> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ settings: { workers: 2, heartbeatMs: 200, ...settings } })
  await areUp(server, 2)
  return server
}

async function areUp({ port }: ServerProcess, workers: number): Promise<void> {
  await until('all workers to be up', async () =>
    (await askAll(port, '/api/stats')).every(({ json }) => json.nodes?.length === workers),
  )
}

/** Asks so often that every worker is asked, and returns all answers. */
function askAll(port: number, path: string, more: object = {}): Promise<FreshAnswer[]> {
  return Promise.all(Array.from({ length: enough }, () => freshRequest({ port, path, ...more })))
}

function openReaders(
  port: number,
  topics: readonly string[],
  options: Partial<ReaderOptions> = {},
): Promise<SseReader[]> {
  return Promise.all(
    Array.from({ length: enough }, (_, index) =>
      SseReader.open({ port, topics, name: `reader ${index}`, ...options }),
    ),
  )
}

/** The name of the worker that has a reader's stream. */
function workerOf(reader: SseReader): string {
  return clientIdOf(reader).slice(0, 8)
}

function clientIdOf(reader: SseReader): string {
  return reader.said('connected').at(-1)!.clientId as string
}

function countWorkers(readers: readonly SseReader[]): number {
  return new Set(readers.map(workerOf)).size
}

function close(readers: readonly SseReader[]): void {
  for (const reader of readers) reader.close()
}

/** The pids of the workers, by the system's own books. */
async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // After the command's name, which may hold anything: state and parent.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) found.push(Number(name))
  }
  return found
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const stores: Record<string, () => Promise<{ store?: string } & AsyncDisposable>> = {
  'a file': async () => ({ [Symbol.asyncDispose]: async () => {} }),
  Redis: async () => {
    const redis = await RedisServer.start()
    return { store: redis.url, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() }
  },
}

for (const [kind, openStore] of Object.entries(stores)) {
  test(`streams spread over the workers on ${kind}, and what one takes reaches all of them in one order`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const readers = await openReaders(port, ['orders/*'])
    expect(countWorkers(readers)).toBe(2)
    using publisher = new Publisher({ port, name: 'publisher' })
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => publisher.publish({ topic: `orders/${index % 3}` })),
    )
    for (const reader of readers) await reader.hasReceived(200)
    expect(await judge({ server, publishers: [publisher], readers })).toEqual([])
    close(readers)
  })

  test(`every worker on ${kind} counts the streams, users and listeners of all`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    // Ten users, each with two streams that may be at different workers.
    const readers = await Promise.all(
      Array.from({ length: enough }, (_, index) =>
        SseReader.open({ port, topics: ['a'], query: { userId: `user-${index % 10}` } }),
      ),
    )
    expect(countWorkers(readers)).toBe(2)
    const count = async () => (await freshRequest({ port, path: '/api/stats' })).json
    await until('the stats of all', async () => (await count()).totalConnections === enough)
    await until('every worker to know them', async () =>
      (await askAll(port, '/api/stats')).every(
        ({ json }) => json.totalConnections === enough && json.uniqueUsers === 10 && json.nodes.length === 2,
      ),
    )
    const areAll = ({ json }: FreshAnswer) => json.includes(`\ntidings_streams ${enough}\n`)
    await until('the metrics of all', async () => (await askAll(port, '/metrics')).every(areAll))
    // A busy machine may keep one from answering in time.
    await until('the presence of all', async () =>
      (await askAll(port, '/api/presence?topic=a&topic=b')).every(
        ({ json: { streams } }) => streams.a === enough && streams.b === 0,
      ),
    )
    await until('broadcasts to count all', async () =>
      (await askAll(port, '/broadcast', { method: 'POST', body: {} })).every(
        ({ json: { streams } }) => streams === enough,
      ),
    )
    close(readers)
    await until('nobody to be left', async () =>
      (await askAll(port, '/api/stats')).every(({ json }) => json.totalConnections === 0),
    )
  })

  test(`a request about a stream on ${kind} reaches the worker that has it, and is judged there`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const tokenOf = async (user: string) => {
      const { json } = await freshRequest({
        port,
        method: 'POST',
        path: '/api/tokens',
        body: { user, subscribe: ['a', 'b'] },
      })
      return { authorization: `Bearer ${json.token}` }
    }
    const alice = await tokenOf('alice')
    const reader = await SseReader.open({ port, topics: ['a'], headers: alice })
    const path = `/streams/${clientIdOf(reader)}`
    for (const answer of await askAll(port, path, {
      method: 'PATCH',
      headers: alice,
      body: { add: ['b'] },
    })) {
      expect(answer).toMatchObject({ status: 200, json: { topics: ['a', 'b'] } })
    }
    const renewed = await askAll(port, `${path}/token`, { method: 'POST', headers: await tokenOf('alice') })
    for (const answer of renewed)
      expect(answer).toMatchObject({ status: 200, json: { expiresAt: expect.any(String) } })
    const refusals = [
      { ...(await tokenOf('bob')), expected: 404 },
      { authorization: 'Bearer wrong', expected: 401 },
      { ...alice, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', expected: 403 },
    ]
    for (const { expected, ...headers } of refusals) {
      const answers = await askAll(port, path, { method: 'PATCH', headers, body: { add: ['b'] } })
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([expected]))
      expect(answers.every(({ headers: { 'content-type': type } }) => type?.includes('problem+json'))).toBe(
        true,
      )
    }
    const gone = path.replace(/\w{12}$/, 'x'.repeat(12))
    for (const answer of await askAll(port, gone, {
      method: 'PATCH',
      headers: alice,
      body: { add: ['b'] },
    })) {
      expect(answer).toMatchObject({ status: 404, json: { code: 'not_found' } })
    }
    await freshRequest({ port, method: 'POST', path: '/api/events', body: { topic: 'b', data: 1 } })
    await reader.hasReceived(1)
    reader.close()
  })

  test(`whoever ends chosen streams on ${kind} ends them at every worker`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const { json } = await freshRequest({
      port,
      method: 'POST',
      path: '/api/tokens',
      body: { user: 'alice', subscribe: ['a'] },
    })
    const readers = await openReaders(port, ['a'], { headers: { authorization: `Bearer ${json.token}` } })
    const [only, ...others] = readers
    expect(countWorkers(readers)).toBe(2)
    const end = (body: object) => freshRequest({ port, method: 'POST', path: '/api/admin/revoke', body })
    // Whichever worker gets it, that of the stream or the other.
    expect((await end({ connection: clientIdOf(only!) })).json).toEqual({ ended: 1 })
    await until('the one stream to end', () => only!.goodbye?.includes('revoked'))
    expect((await end({ user: 'alice' })).json).toEqual({ ended: enough - 1 })
    await until('all others to end', () => others.every(({ goodbye }) => goodbye?.includes('revoked')))
    close(readers)
  })

  test(`a ticket that one worker on ${kind} has issued opens one stream, at whichever worker`, async () => {
    await using place = await openStore()
    await using server = await startWorkers(place.store === undefined ? {} : { store: place.store })
    const { port } = server
    const { json } = await freshRequest({
      port,
      method: 'POST',
      path: '/api/tokens',
      body: { user: 'alice', subscribe: ['a'] },
    })
    const headers = { authorization: `Bearer ${json.token}` }
    const tickets = await askAll(port, '/api/tickets', { method: 'POST', headers })
    const readers = await Promise.all(
      tickets.map(({ json: { ticket } }) => SseReader.open({ port, topics: ['a'], query: { ticket } })),
    )
    expect(countWorkers(readers)).toBe(2)
    for (const {
      json: { ticket },
    } of tickets) {
      expect(await freshRequest({ port, path: `/events?topic=a&ticket=${ticket}` })).toMatchObject({
        status: 401,
      })
    }
    close(readers)
  })

  test(`the server's own feeds on ${kind} are published by one worker at a time, and go on when it dies`, async () => {
    await using place = await openStore()
    await using server = await startWorkers({ ...(place.store && { store: place.store }) })
    const { port } = server
    const readers = await openReaders(port, ['$clock'], { reconnect: 'at-once' })
    expect(countWorkers(readers)).toBe(2)
    // A second apart: twice as many would come if both published.
    const seconds = (reader: SseReader) => reader.data.length
    await until('the clock to go', () => seconds(readers[0]!) >= 3)
    const began = performance.now()
    const before = seconds(readers[0]!)
    await until('it to go on', () => seconds(readers[0]!) >= before + 4)
    expect((performance.now() - began) / 1_000).toBeGreaterThan(2.9)
    // Both in turn: one of them published.
    for (const pid of await childrenOf(server.pid)) {
      process.kill(pid, 'SIGKILL')
      const then = Math.max(...readers.map(seconds))
      await until('it to go on without the one', () => readers.every((reader) => seconds(reader) >= then + 2))
      await areUp(server, 2)
    }
    close(readers)
  })
}

test('a stream goes on at the other worker with its id', async () => {
  await using server = await startWorkers()
  const { port } = server
  using publisher = new Publisher({ port, name: 'publisher' })
  const first = await SseReader.open({ port, topics: ['a'], name: 'first' })
  for (let count = 0; count < 10; count++) await publisher.publish({ topic: 'a' })
  await first.hasReceived(10)
  first.close()
  for (let count = 0; count < 10; count++) await publisher.publish({ topic: 'a' })
  const later = await openReaders(port, ['a'], { lastEventId: first.lastEventId! })
  expect(countWorkers(later)).toBe(2)
  for (const reader of later) await reader.hasReceived(10)
  expect(later.every((reader) => reader.said('gap').length === 0)).toBe(true)
  expect(await judge({ server, publishers: [publisher], readers: [...later] })).toEqual([])
  close(later)
})

test('a worker that is killed loses nothing: its streams go on elsewhere, and another takes its place', async () => {
  await using server = await startWorkers()
  const { port } = server
  const readers = await openReaders(port, ['orders'], { reconnect: 'at-once' })
  expect(countWorkers(readers)).toBe(2)
  const publishers = Array.from(
    { length: 3 },
    (_, index) => new Publisher({ port, name: `publisher-${index}` }),
  )
  const done = publishers.map((publisher) => publisher.publishUntilStopped(() => ({ topic: 'orders' })))
  for (let round = 0; round < 3; round++) {
    const received = Math.min(...readers.map((reader) => reader.received))
    await until('more to come to all', () => readers.every((reader) => reader.received > received + 20))
    const pids = await childrenOf(server.pid)
    expect(pids).toHaveLength(2)
    process.kill(pids[round % 2]!, 'SIGKILL')
    await until('another in its place', async () => {
      const now = await childrenOf(server.pid)
      return now.length === 2 && !now.includes(pids[round % 2]!)
    })
    await areUp(server, 2)
  }
  for (const publisher of publishers) publisher.stop()
  await Promise.all(done)
  expect(await judge({ server, publishers, readers })).toEqual([])
  expect(server.output).toContain('a worker has ended; another takes its place')
  close(readers)
  for (const publisher of publishers) publisher[Symbol.dispose]()
})

test('a worker that is told to end by itself says goodbye, and another takes its place', async () => {
  await using server = await startWorkers({ drainMs: 300 })
  const readers = await openReaders(server.port, ['a'], { reconnect: 'at-once' })
  const [pid] = await childrenOf(server.pid)
  process.kill(pid!, 'SIGTERM')
  await until('its end', () => !isAlive(pid!))
  await until('another in its place', async () => (await childrenOf(server.pid)).length === 2)
  const left = readers.filter(({ connections }) => connections > 1)
  expect(left.length).toBeGreaterThan(0)
  for (const reader of left) expect(reader.goodbye).toContain('drain')
  close(readers)
})

test('a worker that hangs is ended, and another takes its place', async () => {
  await using server = await startWorkers()
  const [pid] = await childrenOf(server.pid)
  process.kill(pid!, 'SIGSTOP')
  await until('its end', () => !isAlive(pid!), { timeoutMs: 20_000 })
  expect(server.output).toContain('a worker does not answer any more')
  await until('another in its place', async () => (await childrenOf(server.pid)).length === 2)
  await areUp(server, 2)
})

test('what waits for a worker that does not read is bounded, and the other goes on', async () => {
  await using server = await startWorkers()
  const { port } = server
  const readers = await openReaders(port, ['small'], { reconnect: 'at-once' })
  const [pid] = await childrenOf(server.pid)
  process.kill(pid!, 'SIGSTOP')
  const large = Array.from({ length: 4 }, () => ({ topic: 'large', data: 'x'.repeat(250_000) }))
  // 100 MB, of which the half is stored that comes to the other worker; the rest breaks off when this one is ended.
  const sending = Array.from({ length: 100 }, () =>
    freshRequest({ port, method: 'POST', path: '/api/events', body: large }),
  )
  const answers = Promise.allSettled(sending)
  await until('its end', () => !isAlive(pid!), { timeoutMs: 20_000 })
  expect(server.output).toContain('does not read what it is sent')
  const stored = (await answers).filter(({ status }) => status === 'fulfilled')
  expect(stored.length).toBeGreaterThan(20)
  await freshRequest({ port, method: 'POST', path: '/api/events', body: { topic: 'small', data: 1 } })
  for (const reader of readers) await reader.hasReceived(1)
  close(readers)
})

test.skipIf(strace === undefined)('a store that fails ends all workers and the server, with 74', async () => {
  await using server = await startWorkers()
  const { port } = server
  const readers = await openReaders(port, ['a'])
  const pids = await childrenOf(server.pid)
  await using _ = await Tracer.attach(strace!, server.pid, `${syncCalls}:error=EIO:when=1+`)
  const refused = await freshRequest({
    port,
    method: 'POST',
    path: '/api/events',
    body: { topic: 'a', data: 1 },
  })
  expect(refused).toMatchObject({ status: 503, json: { code: 'storage_failed' } })
  expect(await within('the end', 5_000, server.ended)).toEqual({ code: 74, signal: null })
  await until('the workers to end', () => pids.every((pid) => !isAlive(pid)))
  for (const reader of readers) expect(reader.goodbye).toContain('storage-failed')
  close(readers)
})

test('workers do not outlive the process that has started them', async () => {
  await using server = await startWorkers()
  const readers = await openReaders(server.port, ['a'])
  const pids = await childrenOf(server.pid)
  expect(pids).toHaveLength(2)
  await server.kill('SIGKILL')
  await until('the workers to end', () => pids.every((pid) => !isAlive(pid)), { timeoutMs: 5_000 })
  await until('the streams to end', () => readers.every(({ isOpen }) => !isOpen))
  await server.start()
  close(readers)
})

test('workers that still wait for their store do not outlive the process that has started them either', async () => {
  const store = `redis://127.0.0.1:${await freePort()}`
  await using server = await ServerProcess.prepare({ settings: { workers: 2, store } })
  server.launch()
  const answers = () => freshRequest({ port: server.port, path: '/readyz' })
  await until('them to say that they wait', async () => (await answers()).status === 503)
  const pids = await childrenOf(server.pid)
  expect(pids).toHaveLength(2)
  await server.kill('SIGKILL')
  await until('the workers to end', () => pids.every((pid) => !isAlive(pid)), { timeoutMs: 5_000 })
})

test('SIGTERM lets all workers say goodbye, and ends with 0; a second signal with 130, and nobody is left', async () => {
  await using server = await startWorkers({ drainMs: 300 })
  const readers = await openReaders(server.port, ['a'])
  const pids = await childrenOf(server.pid)
  expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  for (const reader of readers) expect(reader.goodbye).toContain('drain')
  expect(pids.some(isAlive)).toBe(false)
  expect(server.output).toContain('stopped')

  await using slow = await startWorkers({ drainMs: 60_000 })
  const waiting = await openReaders(slow.port, ['a'])
  const slowPids = await childrenOf(slow.pid)
  slow.signal('SIGTERM')
  await until('the first signal to be taken', () => slow.output.includes('shutting down'))
  expect(await slow.kill('SIGINT', 5_000)).toEqual({ code: 130, signal: null })
  await until('the workers to end', () => slowPids.every((pid) => !isAlive(pid)))
  close([...readers, ...waiting])
})

test('every line of the log says which worker it is from', async () => {
  await using server = await startWorkers({ logLevel: 'debug' })
  close(await openReaders(server.port, ['a']))
  const lines = () => server.output.split('\n').filter((line) => line.includes('"a stream opened"'))
  await until('the lines', () => lines().length === enough)
  const workers = lines().map((line) => (JSON.parse(line) as { worker: number }).worker)
  expect(new Set(workers)).toEqual(new Set([1, 2]))
})

test('what keeps a server from starting keeps its workers from it, in the same words', async () => {
  await using folder = await tempFolder()
  const other = createServer().listen(0, '127.0.0.1')
  await within('the port', 5_000, new Promise((resolve) => other.once('listening', resolve)))
  const { port } = other.address() as { port: number }
  const serve = (...args: string[]) => tidings(['serve', '--workers', '2', '--data', folder.path, ...args])
  expect(await serve('--port', String(port))).toEqual({
    code: 1,
    stdout: '',
    stderr: `tidings: port ${port} is in use: stop the program that has it, or choose another with --port\n`,
  })
  other.close()
  await using server = await startWorkers()
  // Two that share their ports would share them with each other.
  expect(await serve('--port', String(server.port))).toMatchObject({ code: 1 })
  expect(await tidings(['serve', '--workers', '2', '--port', '0', '--data', server.data])).toMatchObject({
    code: 66,
    stderr: expect.stringContaining('in use by another Tidings'),
  })
  expect(await serve('--port', '0', '--host', '192.0.2.1', '--dev', 'off')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is not an address of this machine'),
  })
  expect(await serve('--workers', 'many')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('is not a whole number or auto'),
  })
})

test('with port 0 all workers share the one that the first finds', async () => {
  await using folder = await tempFolder()
  await using command = new CliProcess(['serve', '--workers', '2', '--port', '0', '--data', folder.path])
  const url = await until('it to listen', () => /"url":"([^"]+)"/.exec(command.stdout)?.[1])
  const port = Number(new URL(url).port)
  const readers = await openReaders(port, ['a'])
  expect(countWorkers(readers)).toBe(2)
  close(readers)
})
