import { expect, test } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { CliProcess, tidings } from './cli-process.ts'

test('is an aligned table, or JSON', async () => {
  await using server = await ServerProcess.start()
  const table = await tidings(['stats', '--url', server.url])
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout).toMatch(/^totalConnections +0$/m)
  expect(
    new Set(
      table.stdout
        .trimEnd()
        .split('\n')
        .map(({ length }) => length),
    ).size,
  ).toBe(1)
  const json = await tidings(['stats', '--json'], { env: { TIDINGS_URL: `${server.url}/` } })
  expect(JSON.parse(json.stdout)).toMatchObject({ totalConnections: 0, durability: 'fsync' })
})

test('--watch goes on through a restart of the server, until it is stopped', async () => {
  await using server = await ServerProcess.start()
  await using watch = new CliProcess(['stats', '--url', server.url, '--json', '--watch', '50ms'])
  await until('two tables', () => watch.lines.length >= 2)
  await server.kill()
  await watch.says('does not answer (ECONNREFUSED)')
  await server.start()
  const before = watch.lines.length
  await until('another table', () => watch.lines.length > before)
  watch.child.kill('SIGINT')
  expect((await watch.finish()).code).toBe(0)
})
