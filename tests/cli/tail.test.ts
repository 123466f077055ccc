import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { ServerProcess, tidingsCommand } from '../support/server-process.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { CliProcess, tidings } from './cli-process.ts'
import { makeLines } from './log-lines.ts'

async function publish(server: ServerProcess, events: readonly object[]): Promise<string[]> {
  const answer = await fetch(`${server.url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  })
  return ((await answer.json()) as { ids: string[] }).ids
}

/** When the log took the events of a topic, as its pages say it: the events of one publish have one time. */
async function timesOf(server: ServerProcess, topic: string): Promise<string[]> {
  const answer = await fetch(`${server.url}/api/events?topic=${topic}`)
  return ((await answer.json()) as { events: { time: string }[] }).events.map(({ time }) => time)
}

test('prints a line for each event of its topics and types, and ends when it has enough', async () => {
  await using server = await ServerProcess.start()
  const ids = await publish(server, [
    { topic: 'orders/1', type: 'created', data: { a: 1 } },
    { topic: 'orders/2', type: 'paid', text: 'two\nlines\u001b[2J' },
    { topic: 'users/1', type: 'paid', data: 3 },
    { topic: 'orders/1', type: 'other', data: 4 },
  ])
  const follow = [
    'tail',
    'orders/*',
    '--url',
    server.url,
    '--types',
    'created,paid',
    '--last',
    '5',
    '--count',
    '2',
  ]
  const plain = await tidings(follow)
  const [time] = await timesOf(server, 'orders/*')
  const lines = [
    `${ids[0]} ${time} orders/1 created {"a":1}`,
    `${ids[1]} ${time} orders/2 paid two\\nlines\\u001b[2J`,
    '',
  ]
  expect(plain).toEqual({ code: 0, stdout: lines.join('\n'), stderr: '' })
  const json = await tidings([...follow, '--json'])
  expect(
    json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: ids[0], topic: 'orders/1', type: 'created', time, data: '{"a":1}' },
    { id: ids[1], topic: 'orders/2', type: 'paid', time, data: 'two\nlines\u001b[2J' },
  ])
})

test('begins after the event with the id of --since', async () => {
  await using server = await ServerProcess.start()
  const ids = await publish(
    server,
    [1, 2, 3].map((data) => ({ topic: 'a', data })),
  )
  const { stdout } = await tidings(['tail', 'a', '--url', server.url, '--since', ids[0]!, '--count', '2'])
  const [time] = await timesOf(server, 'a')
  expect(stdout).toBe(`${ids[1]} ${time} a message 2\n${ids[2]} ${time} a message 3\n`)
})

test('an id of another history is a gap: said on standard error, and it goes on', async () => {
  await using server = await ServerProcess.start()
  await using tail = new CliProcess(['tail', 'a', '--url', server.url, '--since', 'nonsense', '--count', '1'])
  await tail.says('gap (bad-cursor)')
  const [id] = await publish(server, [{ topic: 'a', data: 1 }])
  const [time] = await timesOf(server, 'a')
  expect(await tail.finish()).toMatchObject({ code: 0, stdout: `${id} ${time} a message 1\n` })
})

test('goes on through a network that cuts it again and again: every event once, in order', async () => {
  await using server = await ServerProcess.start({ settings: { retryMs: 20 } })
  await using proxy = await TcpProxy.start(server.port, { down: { cutAfterBytes: 10_000 } })
  const lines = makeLines(2_000)
  const url = `http://127.0.0.1:${proxy.port}`
  await using tail = new CliProcess(['tail', 'a', '--url', url, '--json', '--count', '2000'])
  await until('a stream', () => proxy.size === 1)
  for (let at = 0; at < lines.length; at += 200) {
    await publish(
      server,
      lines.slice(at, at + 200).map((text) => ({ topic: 'a', text })),
    )
    await until('some of them', () => tail.lines.length >= at)
  }
  const finished = await tail.finish(120_000)
  expect(finished.code).toBe(0)
  expect(finished.stderr).toContain('coming back')
  expect(tail.lines.map((line) => JSON.parse(line).data)).toEqual(lines)
}, 180_000)

test('a server that falls silent is left after two heartbeats, and found again', async () => {
  await using server = await ServerProcess.start({ settings: { heartbeatMs: 200, retryMs: 20 } })
  await using proxy = await TcpProxy.start(server.port)
  const url = `http://127.0.0.1:${proxy.port}`
  await using tail = new CliProcess(['tail', 'a', '--url', url, '--last', '1', '--count', '2'])
  // Only a stream that has begun knows how often something arrives.
  await publish(server, [{ topic: 'a', data: 0 }])
  await until('the first event', () => tail.lines.length === 1)
  proxy.set({ down: { isBlackhole: true } })
  await tail.says('no answer in time; coming back')
  const [id] = await publish(server, [{ topic: 'a', data: 1 }])
  proxy.set({})
  const { code } = await tail.finish()
  const [, time] = await timesOf(server, 'a')
  expect([code, ...tail.lines.slice(1)]).toEqual([0, `${id} ${time} a message 1`])
})

test('a server that is killed is said to have gone, in words that need no knowledge of HTTP', async () => {
  await using server = await ServerProcess.start({ settings: { retryMs: 20 } })
  await using tail = new CliProcess(['tail', 'a', '--url', server.url, '--last', '1', '--count', '2'])
  await publish(server, [{ topic: 'a', data: 0 }])
  await until('the first event', () => tail.lines.length === 1)
  await server.kill('SIGKILL')
  await tail.says(`the connection broke; coming back to ${server.url}`)
  await server.start()
  await publish(server, [{ topic: 'a', data: 1 }])
  expect(await tail.finish()).toMatchObject({ code: 0 })
})

test('waits for a server that is not there yet', async () => {
  await using server = await ServerProcess.prepare()
  await using tail = new CliProcess(['tail', 'a', '--url', server.url, '--count', '1'])
  await tail.says('ECONNREFUSED; coming back')
  await server.start()
  await tail.says('connected again')
  await publish(server, [{ topic: 'a', data: 1 }])
  expect((await tail.finish()).code).toBe(0)
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it with 0', async (signal) => {
  await using server = await ServerProcess.start()
  await publish(server, [{ topic: 'a', data: 1 }])
  await using tail = new CliProcess(['tail', 'a', '--url', server.url, '--last', '1'])
  await until('the event', () => tail.lines.length === 1)
  tail.child.kill(signal)
  expect(await tail.finish()).toMatchObject({ code: 0, stderr: '' })
})

test('a reader that has seen enough ends it quietly', async () => {
  await using server = await ServerProcess.start()
  await publish(
    server,
    [1, 2].map((data) => ({ topic: 'a', data })),
  )
  const command = [...tidingsCommand, 'tail', 'a', '--url', server.url, '--last', '2'].map(
    (word) => `'${word}'`,
  )
  const shell = spawn('sh', ['-c', `(${command.join(' ')}; echo "code $?" >&2) | head -n 1`])
  let stderr = ''
  shell.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const closed = once(shell, 'close')
  try {
    // head is gone after the first line; the next write finds nobody.
    await until(
      'the command to end',
      async () => {
        await publish(server, [{ topic: 'a', data: 3 }])
        return stderr !== ''
      },
      { everyMs: 100 },
    )
  } finally {
    shell.kill()
  }
  await closed
  expect(stderr).toBe('code 0\n')
})

test('what the server refuses ends it with 65', async () => {
  await using server = await ServerProcess.start({ settings: { maxTopics: 1 } })
  const finished = await tidings(['tail', 'a', 'b', '--url', server.url])
  expect(finished).toMatchObject({
    code: 65,
    stdout: '',
    stderr: expect.stringMatching(/^tidings: .*topics.*\n$/),
  })
  const elsewhere = await tidings(['tail', '--url', `${server.url}/elsewhere`])
  expect(elsewhere.code).toBe(65)
})

test('another server, which says neither topic nor time, is followed too', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('id: 1\ntime: 99999999999999999\ndata: a\n\nevent: b\ndata: b\n\n')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const plain = await tidings(['tail', '--url', url, '--count', '2'])
    expect(plain).toEqual({ code: 0, stdout: '1 - - message a\n1 - - b b\n', stderr: '' })
    const json = await tidings(['tail', '--url', url, '--count', '1', '--json'])
    expect(json.stdout).toBe('{"id":"1","type":"message","data":"a"}\n')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
