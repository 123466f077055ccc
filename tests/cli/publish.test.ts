import { spawn } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'
import { CliProcess, tidings } from './cli-process.ts'
import { makeLines, storedOn } from './log-lines.ts'
import { type Mishap, UnreliableGateway } from './unreliable-gateway.ts'

const id = /^[0-9a-z.]+\n$/

test('one event, with data or text, is answered with its id', async () => {
  await using server = await ServerProcess.start()
  const to = ['publish', '--url', server.url, '--topic', 'orders/42']
  const first = await tidings([...to, '--type', 'created', '--data', '{"a":1}', '--idempotency-key', 'k'])
  expect(first).toEqual({ code: 0, stdout: expect.stringMatching(id), stderr: '' })
  const again = await tidings([...to, '--type', 'created', '--data', '{"a":1}', '--idempotency-key', 'k'])
  expect(again.stdout).toBe(first.stdout)
  const quiet = await tidings(['publish', '--topic', 'orders/42', '--text', '', '--quiet'], {
    env: { TIDINGS_URL: server.url },
  })
  expect(quiet).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await storedOn(server.url, 'orders/42')).toEqual([{ a: 1 }, ''])
  const other = await tidings([...to, '--data', '2', '--idempotency-key', 'k'])
  expect(other).toMatchObject({ code: 65, stdout: '' })
})

test('lines of standard input become events: text, data, or whole events', async () => {
  await using server = await ServerProcess.start()
  const to = ['publish', '--url', server.url]
  const text = await tidings([...to, '--topic', 'a'], { input: 'one\r\n\n{"x": 1}\nlast' })
  expect(text).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await storedOn(server.url, 'a')).toEqual(['one', '', '{"x": 1}', 'last'])
  await tidings([...to, '--topic', 'b', '--json'], { input: '{"x": 1}\n\n[2]\n"3"\n' })
  expect(await storedOn(server.url, 'b')).toEqual([{ x: 1 }, [2], '3'])
  await tidings([...to, '--ndjson'], {
    input: '{"topic":"c","type":"t","data":5}\n{"topic":"c","text":"6"}\n',
  })
  expect(await storedOn(server.url, 'c')).toEqual([5, '6'])
})

test('bytes that are not UTF-8 are replaced, with a warning', async () => {
  await using server = await ServerProcess.start()
  const input = Buffer.concat([
    Buffer.from('a\n'),
    Buffer.from([0xff, 0x0a]),
    Buffer.from([0xc3, 0x28, 0x0a]),
  ])
  const finished = await tidings(['publish', '--url', server.url, '--topic', 'a'], { input })
  expect(finished.code).toBe(0)
  expect(finished.stderr).toContain('line 2 holds bytes that are not UTF-8')
  expect(finished.stderr).toContain('2 lines held bytes')
  expect(await storedOn(server.url, 'a')).toEqual(['a', '\uFFFD', '\uFFFD('])
})

test('a line that is too long stops it there, with the lines before it published', async () => {
  await using server = await ServerProcess.start()
  const input = `one\ntwo\n${'x'.repeat(300_000)}\nfour\n`
  const to = ['publish', '--url', server.url, '--topic', 'a']
  const finished = await tidings(to, { input })
  expect(finished).toMatchObject({ code: 65, stdout: '' })
  expect(finished.stderr).toMatch(/^tidings: line 3: it is longer than 262144 bytes.*\n$/)
  expect(await storedOn(server.url, 'a')).toEqual(['one', 'two'])
})

test('with --on-error skip all other lines are published, and the exit code tells', async () => {
  await using server = await ServerProcess.start()
  const input = '{"topic":"a","data":1}\n{"topic":"a"\n{"topic":"$a"}\n{"topic":"a","data":4}\n'
  const finished = await tidings(['publish', '--url', server.url, '--ndjson', '--on-error', 'skip'], {
    input,
  })
  expect(finished.code).toBe(65)
  expect(finished.stderr).toContain('line 2: it is not valid JSON')
  expect(finished.stderr).toContain('line 3: The topic "$a" is the server\'s own')
  expect(finished.stderr).toContain('2 lines were skipped; all others are published')
  expect(await storedOn(server.url, 'a')).toEqual([1, 4])
})

test('a server with smaller limits gets smaller batches, and only what it refuses is skipped', async () => {
  await using server = await ServerProcess.start({ settings: { maxBatchEvents: 7, maxEventBytes: 50 } })
  const lines = makeLines(100)
  lines[40] = 'x'.repeat(51)
  const input = lines.join('\n')
  const finished = await tidings(['publish', '--url', server.url, '--topic', 'a', '--on-error', 'skip'], {
    input,
  })
  expect(finished.stderr).toContain("line 41: An event's data has at most 50 bytes")
  expect(finished.code).toBe(65)
  expect(await storedOn(server.url, 'a')).toEqual(lines.filter((_, index) => index !== 40))
})

test('through a network that loses requests and answers every line arrives once, in order', async () => {
  await using server = await ServerProcess.start()
  const mishaps: Mishap[] = ['lost-answer', 'none', 'lost-request', 'none', 'bad-gateway', 'lost-answer']
  const more: Mishap[] = ['none', 'too-many-requests', 'storage-full', 'none']
  const all = [...mishaps, ...more]
  await using gateway = await UnreliableGateway.start(server.url, (request) => all[request % all.length]!)
  const lines = makeLines(1_000)
  const finished = await tidings(
    [
      'publish',
      '--url',
      gateway.url,
      '--topic',
      'logs/app',
      '--max-body-bytes',
      '5KiB',
      '--max-event-bytes',
      '1KiB',
    ],
    { input: lines.join('\n') },
  )
  expect(finished).toMatchObject({ code: 0, stdout: '' })
  expect(finished.stderr).toContain('trying again')
  expect(gateway.requests).toBeGreaterThan(20)
  expect(await storedOn(server.url, 'logs/app')).toEqual(lines)
}, 180_000)

test('with --retry-for it gives up in the end, and says which lines are missing', async () => {
  await using server = await ServerProcess.start()
  await using gateway = await UnreliableGateway.start(server.url, (request) =>
    request < 2 ? 'none' : 'bad-gateway',
  )
  const finished = await tidings(
    ['publish', '--url', gateway.url, '--topic', 'a', '--retry-for', '500ms', '--max-body-bytes', '250'],
    { input: 'one\ntwo\n'.repeat(20) },
  )
  expect(finished.code).toBe(69)
  const published = Number(/published up to line (\d+)/.exec(finished.stderr)?.[1])
  expect(await storedOn(server.url, 'a')).toHaveLength(published)
})

test('5,000 lines of a growing log survive kill -9 of the server: each once, in order, also on the stream', async () => {
  await using folder = await tempFolder()
  await using server = await ServerProcess.start()
  const log = join(folder.path, 'app.log')
  const lines = makeLines(5_000)
  await writeFile(log, '')
  await using publish = new CliProcess(['publish', '--url', server.url, '--topic', 'logs/app'])
  await using reader = new CliProcess(['tail', 'logs/app', '--url', server.url, '--json', '--count', '5000'])
  const follow = spawn('tail', ['-n', '+1', '-f', log], { stdio: ['ignore', 'pipe', 'ignore'] })
  follow.stdout.pipe(publish.child.stdin)
  try {
    await until('a stream', async () => (await stats(server.url)).totalConnections === 1)
    const crashes = [800, 2_200, 3_700]
    for (let at = 0; at < lines.length; at += 100) {
      await appendFile(log, `${lines.slice(at, at + 100).join('\n')}\n`)
      if (!crashes.includes(at)) continue
      // Somewhere in the middle of what was just written.
      await until('some of it to be read', () => reader.lines.length >= at - 100)
      await server.kill('SIGKILL')
      await server.start()
    }
    const finished = await reader.finish(120_000)
    expect(finished.code).toBe(0)
    expect(finished.stderr).not.toContain('gap')
    expect(reader.lines.map((line) => JSON.parse(line).data)).toEqual(lines)
    expect(new Set(reader.lines.map((line) => JSON.parse(line).id)).size).toBe(lines.length)
    expect(await storedOn(server.url, 'logs/app')).toEqual(lines)
  } finally {
    follow.kill()
  }
  expect(await publish.finish()).toMatchObject({ code: 0, stdout: '' })
}, 240_000)

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s publishes what has been read, and ends with 0',
  async (signal) => {
    await using server = await ServerProcess.start()
    // What has been read has ten seconds, in which a busy machine might not have started a server anew.
    await using proxy = await TcpProxy.start(server.port)
    const url = `http://127.0.0.1:${proxy.port}`
    await using publish = new CliProcess(['publish', '--url', url, '--topic', 'a'])
    publish.child.stdin.write('one\ntwo\n')
    await until('the lines to be stored', async () => (await storedOn(server.url, 'a')).length === 2)
    proxy.set({ up: { cutAfterBytes: 1 } })
    publish.child.stdin.write('three\nfour\nfi')
    await publish.says('trying again')
    publish.child.kill(signal)
    proxy.set({})
    expect(await publish.finish()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('2 bytes are not published'),
    })
    expect(await storedOn(server.url, 'a')).toEqual(['one', 'two', 'three', 'four'])
  },
)

test('a writer that is faster than the server waits: memory stays bounded', async () => {
  await using server = await ServerProcess.prepare()
  await using publish = new CliProcess(['publish', '--url', server.url, '--topic', 'a'])
  const line = `${'x'.repeat(999)}\n`
  let written = 0
  // Until the pipe is full and stays so: the command has taken what it will.
  await until(
    'the writer to be held up',
    async () => {
      if (publish.child.stdin.writableNeedDrain) return true
      publish.child.stdin.write(line)
      written += line.length
      return false
    },
    { everyMs: 0 },
  )
  await publish.says('trying again')
  expect(written).toBeLessThan(8 * 1024 * 1024)
  // The first signal asks it to finish, which it cannot; the next one ends it.
  await until('the command to end', () => !publish.child.kill('SIGINT'), { everyMs: 100 })
  expect((await publish.finish()).code).toBe(130)
})

async function stats(url: string): Promise<Record<string, unknown>> {
  return (await fetch(`${url}/api/stats`)).json() as Promise<Record<string, unknown>>
}
