import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'
import { CliProcess, tidings } from './cli-process.ts'

test('a port in use is named, with the remedy', async () => {
  await using folder = await tempFolder()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const finished = await tidings(['serve', '--port', String(port), '--data', folder.path])
  other.close()
  expect(finished).toEqual({
    code: 1,
    stdout: '',
    stderr: `tidings: port ${port} is in use: stop the program that has it, or choose another with --port\n`,
  })
})

test('a store that another server has is refused', async () => {
  await using server = await ServerProcess.start()
  const finished = await tidings(['serve', '--port', '0', '--data', server.data])
  expect(finished).toMatchObject({ code: 66, stderr: expect.stringContaining('in use by another Tidings') })
})

test('all mistakes of flags, environment and file are reported at once', async () => {
  await using folder = await tempFolder()
  await writeFile(join(folder.path, 'tidings.config.json'), '{"retryMs": "soon"}')
  const finished = await tidings(
    ['serve', '--hartbeat-ms', '5s', '--port=99999', '--host', '0.0.0.0', '--dev', 'on'],
    {
      folder: folder.path,
      env: { TIDINGS_STALL: '1s' },
    },
  )
  expect(finished).toMatchObject({ code: 78, stdout: '' })
  expect(finished.stderr.split('\n')).toEqual([
    'tidings: 5 settings are wrong:',
    expect.stringContaining('retryMs (file tidings.config.json) is "soon"'),
    expect.stringContaining(
      'TIDINGS_STALL (environment TIDINGS_STALL) is not a setting; the nearest is TIDINGS_STALL_MS',
    ),
    expect.stringContaining('port (flag --port) is "99999", which is out of range'),
    expect.stringContaining('--hartbeat-ms (flag) is not a setting; the nearest is --heartbeat-ms'),
    expect.stringContaining('would open dev mode'),
    '',
  ])
})

test('without a verb it serves; the configuration file and PORT are read', async () => {
  await using folder = await tempFolder()
  await writeFile(
    join(folder.path, 'settings.json'),
    '{"heartbeatMs": "300ms", "store": "memory:", "port": 1}',
  )
  await using server = new CliProcess(['--config', 'settings.json'], {
    folder: folder.path,
    env: { PORT: '0' },
  })
  const url = await until(
    'the line that says where it listens',
    () => /"url":"([^"]+)"/.exec(server.stdout)?.[1],
  )
  using reader = await SseReader.open({ port: Number(new URL(url).port), topics: ['a'] })
  expect(JSON.stringify(reader.steps)).not.toContain('"gap"')
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  await until('heartbeats at the pace of the file', () => reader.comments >= 2)
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with 0, streams with goodbye', async (signal) => {
  await using server = await ServerProcess.start({ settings: { drainMs: 200 } })
  using reader = await SseReader.open({ port: server.port, topics: ['a'], reconnect: 'never' })
  expect(await server.kill(signal)).toEqual({ code: 0, signal: null })
  await reader.hasBlock('goodbye')
  expect(reader.goodbye).toContain('drain')
})

test('a second signal ends it at once with 130', async () => {
  await using server = await ServerProcess.start({ settings: { drainMs: 60_000 } })
  const readers = await Promise.all(
    Array.from({ length: 20 }, () =>
      SseReader.open({ port: server.port, topics: ['a'], reconnect: 'never' }),
    ),
  )
  server.signal('SIGTERM')
  await until('the first to be taken', () => server.output.includes('shutting down'))
  expect(await server.kill('SIGINT', 30_000)).toEqual({ code: 130, signal: null })
  for (const reader of readers) reader[Symbol.dispose]()
})
