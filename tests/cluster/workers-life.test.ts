import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { CliProcess, tidings } from '../cli/cli-process.ts'
import { makeCertificate, writeCertificate } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { freshRequest } from '../support/fresh-request.ts'
import { requireProgram } from '../support/programs.ts'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { syncCalls, Tracer } from '../support/tracer.ts'
import { until, within } from '../support/until.ts'
import { judge } from '../support/verdict.ts'
import {
  areUp,
  childrenOf,
  closeAll,
  countWorkers,
  enough,
  isAlive,
  openReaders,
  startWorkers,
} from './worker-server.ts'

const strace = requireProgram('strace')

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
  closeAll(later)
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
  closeAll(readers)
  for (const publisher of publishers) publisher[Symbol.dispose]()
})

test('a worker that is told to end by itself says goodbye, and another takes its place', async () => {
  await using server = await startWorkers({ drainMs: 300 })
  const readers = await openReaders(server.port, ['a'], { reconnect: 'at-once' })
  const [pid] = await childrenOf(server.pid)
  process.kill(pid!, 'SIGTERM')
  await until('its end', () => !isAlive(pid!))
  await until('another in its place', async () => (await childrenOf(server.pid)).length === 2)
  const left = () => readers.filter(({ connections }) => connections > 1)
  await until('its streams to be elsewhere', () => left().length > 0)
  for (const reader of left()) expect(reader.goodbye).toContain('drain')
  closeAll(readers)
})

test('a worker that hangs is ended, and another takes its place', async () => {
  await using server = await startWorkers()
  const [pid] = await childrenOf(server.pid)
  process.kill(pid!, 'SIGSTOP')
  await until('its end', () => !isAlive(pid!), { timeoutMs: 60_000 })
  expect(server.output).toContain('a worker does not answer any more')
  await until('another in its place', async () => (await childrenOf(server.pid)).length === 2)
  await areUp(server, 2)
})

test('a worker that cannot start is tried again, and holds up no end', async () => {
  await using folder = await tempFolder()
  const pair = makeCertificate()
  const files = await writeCertificate(folder.path, pair)
  await using server = await ServerProcess.start({ settings: { workers: 2, drainMs: 300, ...files } })
  const pids = await childrenOf(server.pid)
  await writeFile(files.tlsCert, 'half of a copy')
  process.kill(pids[0]!, 'SIGKILL')
  await until('it to be tried', () => server.output.includes('a worker cannot start'))
  const starts = () => server.output.split('"a worker is up"').length - 1
  const before = starts()
  await writeFile(files.tlsCert, pair.cert)
  await until('one that can', () => starts() > before)
  expect(await server.kill('SIGTERM', 20_000)).toEqual({ code: 0, signal: null })
})

test('what waits for a worker that does not read is bounded, and the other goes on', async () => {
  await using server = await startWorkers()
  const { port } = server
  const readers = await openReaders(port, ['small'], { reconnect: 'at-once' })
  const large = Array.from({ length: 4 }, () => ({ topic: 'large', data: 'x'.repeat(250_000) }))
  // On a busy machine one may be ended because it does not answer, before enough waits for it: then the next one.
  for (let tries = 0; tries < 4 && !server.output.includes('does not read what it is sent'); tries++) {
    await areUp(server, 2)
    const [pid] = await childrenOf(server.pid)
    process.kill(pid!, 'SIGSTOP')
    // 100 MB, of which the half is stored that comes to the other worker; the rest breaks off when this one is ended.
    const sending = Array.from({ length: 100 }, () =>
      freshRequest({ port, method: 'POST', path: '/api/events', body: large }),
    )
    const answers = Promise.allSettled(sending)
    await until('its end', () => !isAlive(pid!), { timeoutMs: 60_000 })
    const stored = (await answers).filter(({ status }) => status === 'fulfilled')
    expect(stored.length).toBeGreaterThan(20)
  }
  expect(server.output).toContain('does not read what it is sent')
  await freshRequest({ port, method: 'POST', path: '/api/events', body: { topic: 'small', data: 1 } })
  for (const reader of readers) await reader.hasReceived(1)
  closeAll(readers)
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
  expect(await within('the end', 30_000, server.ended)).toEqual({ code: 74, signal: null })
  await until('the workers to end', () => pids.every((pid) => !isAlive(pid)))
  await until('all to be told', () => readers.every(({ goodbye }) => goodbye?.includes('storage-failed')))
  closeAll(readers)
})

test('workers do not outlive the process that has started them', async () => {
  await using server = await startWorkers()
  const readers = await openReaders(server.port, ['a'])
  const pids = await childrenOf(server.pid)
  expect(pids).toHaveLength(2)
  await server.kill('SIGKILL')
  await until('the workers to end', () => pids.every((pid) => !isAlive(pid)))
  await until('the streams to end', () => readers.every(({ isOpen }) => !isOpen))
  await server.start()
  closeAll(readers)
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
  await until('the workers to end', () => pids.every((pid) => !isAlive(pid)))
})

test('SIGTERM lets all workers say goodbye, and ends with 0; a second signal with 130, and nobody is left', async () => {
  await using server = await startWorkers({ drainMs: 300 })
  const readers = await openReaders(server.port, ['a'])
  const pids = await childrenOf(server.pid)
  expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  await until('all to be told', () => readers.every(({ goodbye }) => goodbye?.includes('drain')))
  expect(pids.some(isAlive)).toBe(false)
  expect(server.output).toContain('stopped')

  await using slow = await startWorkers({ drainMs: 60_000 })
  const waiting = await openReaders(slow.port, ['a'])
  const slowPids = await childrenOf(slow.pid)
  slow.signal('SIGTERM')
  await until('the first signal to be taken', () => slow.output.includes('shutting down'))
  expect(await slow.kill('SIGINT', 30_000)).toEqual({ code: 130, signal: null })
  await until('the workers to end', () => slowPids.every((pid) => !isAlive(pid)))
  closeAll([...readers, ...waiting])
})

test('every line of the log says which worker it is from', async () => {
  await using server = await startWorkers({ logLevel: 'debug' })
  closeAll(await openReaders(server.port, ['a']))
  const lines = () => server.output.split('\n').filter((line) => line.includes('"a stream opened"'))
  await until('the lines', () => lines().length === enough)
  const workers = lines().map((line) => (JSON.parse(line) as { worker: number }).worker)
  expect(new Set(workers)).toEqual(new Set([1, 2]))
})

test('what keeps a server from starting keeps its workers from it, in the same words', async () => {
  await using folder = await tempFolder()
  const other = createServer().listen(0, '127.0.0.1')
  await within('the port', 30_000, new Promise((resolve) => other.once('listening', resolve)))
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
  closeAll(readers)
})
