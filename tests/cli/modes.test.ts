import { describe, expect, test } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { CliProcess } from './cli-process.ts'

/** Runs `tidings keys …` beside a server, on its data. */
async function keys(server: ServerProcess, ...args: readonly string[]): Promise<string> {
  await using command = new CliProcess(['keys', ...args, '--data', server.data])
  const { code, stdout, stderr } = await command.ended
  expect([code, stderr]).toEqual([0, expect.any(String)])
  return stdout.trim()
}

async function statusOf(server: ServerProcess, key?: string): Promise<number> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const response = await fetch(`${server.url}/events`, { headers })
  await response.body?.cancel()
  return response.status
}

describe('a server on its own machine', () => {
  test('lets everybody in until the first key is made beside it, and then nobody without one', async () => {
    await using server = await ServerProcess.start()
    const stream = await fetch(`${server.url}/events`)
    expect(stream.status).toBe(200)
    const key = await keys(server, 'create', '--name', 'first', '--subscribe', '**')
    expect(key).toMatch(/^tdk_/)
    // Also those who came before are no longer let read.
    expect(await stream.text()).toMatch(/event: goodbye\ndata: .*"revoked"/)
    expect([await statusOf(server), await statusOf(server, key)]).toEqual([401, 200])

    const reading = await fetch(`${server.url}/events`, { headers: { authorization: `Bearer ${key}` } })
    await keys(server, 'revoke', 'first')
    const began = performance.now()
    expect(await reading.text()).toMatch(/event: goodbye\ndata: .*"revoked"/)
    expect(performance.now() - began).toBeLessThan(15_000)
    expect([await statusOf(server), await statusOf(server, key)]).toEqual([401, 401])

    await server.kill('SIGTERM')
    await server.start()
    expect([await statusOf(server), await statusOf(server, key)]).toEqual([401, 401])
  })

  test('warns whoever means production that it asks nobody, unless that was said', async () => {
    const warning = /NODE_ENV is production, and this is dev mode: .*make a key with: tidings keys create/
    for (const [dev, isWarned] of [
      ['auto', true],
      ['on', false],
    ] as const) {
      await using server = await ServerProcess.start({ settings: { dev }, env: { NODE_ENV: 'production' } })
      await until('the line', () => server.output.includes('listening'))
      expect([dev, warning.test(server.output)]).toEqual([dev, isWarned])
    }
  })
})

describe('a server in production', () => {
  test('without any key says in one line how to make one, and lets nobody in', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    await until('the line', () => server.output.includes('listening'))
    const lines = server.output
      .split('\n')
      .filter((line) => line.includes('tidings keys create --name first'))
    expect(lines).toHaveLength(1)
    expect(await statusOf(server)).toBe(401)
    const session = await fetch(`${server.url}/api/session`)
    expect(await session.json()).toEqual({ mode: 'production', user: null, expiresAt: null })
    const key = await keys(server, 'create', '--name', 'first', '--admin', '**', '--subscribe', '**')
    await until('the key to count', async () => (await statusOf(server, key)) === 200)
  })

  test('is not open to other machines in dev mode: that is refused with what to do', async () => {
    await using command = new CliProcess(['serve', '--host', '0.0.0.0', '--dev', 'on', '--port', '0'])
    const { code, stdout, stderr } = await command.ended
    expect(code).not.toBe(0)
    expect(stdout + stderr).toMatch(/tidings keys create/)
  })
})
