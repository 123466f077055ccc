import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'
import { CliProcess, tidings } from './cli-process.ts'

const form = /^tdk_[0-9a-z]{12}_[0-9a-z]{40}\n$/

function create(data: string, ...more: string[]) {
  return tidings(['keys', 'create', '--data', data, ...more])
}

describe('tidings keys', () => {
  it('makes a key that is alone on standard output, and shown nowhere again', async () => {
    await using folder = await tempFolder()
    const data = join(folder.path, 'data')
    const made = await create(
      data,
      '--name',
      'ci',
      '--publish',
      'builds/**',
      '--publish',
      'logs/ci',
      '--ttl',
      '90d',
    )
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(form) })
    expect(made.stderr).toContain('counts for 90d')
    const { stdout } = await tidings(['keys', 'list', '--data', data])
    expect(stdout).toContain('ci')
    expect(stdout).toContain('publish builds/** logs/ci')
    expect(stdout).not.toContain(made.stdout.split('_')[2]!.trim())
    const listed = await tidings(['keys', 'list', '--json', '--data', data])
    const [key] = listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { expiresAt: string; createdAt: string })
    expect(Date.parse(key!.expiresAt) - Date.parse(key!.createdAt)).toBeGreaterThan(89 * 86_400_000)
    expect((await stat(join(data, 'auth.db'))).mode & 0o777).toBe(0o600)
  })

  it('a running server believes a new key, and no longer one that was revoked', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const { stdout } = await create(server.data, '--name', 'ops', '--admin', '**')
    const key = stdout.trim()
    const ask = async () =>
      (await fetch(`${server.url}/api/stats`, { headers: { authorization: `Bearer ${key}` } })).status
    await until('the key to count', async () => (await ask()) === 200)
    expect((await tidings(['keys', 'revoke', 'ops', '--data', server.data])).code).toBe(0)
    await until('the key to count no longer', async () => (await ask()) === 401)
    expect((await tidings(['keys', 'list', '--data', server.data])).stdout).toMatch(/ops +revoked/)
    expect(server.output).not.toContain(key)
  })

  it('two at once both succeed, and one that is killed leaves a sound file', async () => {
    await using folder = await tempFolder()
    const names = Array.from({ length: 6 }, (_, index) => `key-${index}`)
    const made = await Promise.all(names.map((name) => create(folder.path, '--name', name, '--publish', 'a')))
    expect(made.map(({ code }) => code)).toEqual(names.map(() => 0))
    for (const name of ['killed-1', 'killed-2', 'killed-3']) {
      await using command = new CliProcess([
        'keys',
        'create',
        '--data',
        folder.path,
        '--name',
        name,
        '--publish',
        'a',
      ])
      await until(
        'it to be at work',
        async () => command.stdout !== '' || command.stderr !== '' || command.child.pid !== undefined,
      )
      command.child.kill('SIGKILL')
      await command.ended
    }
    const { stdout, code } = await tidings(['keys', 'list', '--json', '--data', folder.path])
    expect(code).toBe(0)
    for (const name of names) expect(stdout).toContain(`"name":"${name}"`)
  })

  it.each([
    [['create', '--name', 'a'], 64, 'a key with no right is of no use'],
    [['create', '--publish', 'a'], 64, "required option '--name <name>' not specified"],
    [['create', '--name', 'a', '--publish', 'a**'], 64, 'inside a segment'],
    [['create', '--name', 'a', '--publish', 'a', '--ttl', 'soon'], 64, '--ttl soon is not a duration'],
    [['create', '--name', 'a', '--publish', 'a', '--ttl', '9999d'], 64, 'up to 3650d'],
    [['create', '--name', '', '--publish', 'a'], 64, '--name takes 1 to 64 characters'],
    [['revoke', 'nobody'], 65, 'there is no key "nobody" that counts'],
  ] as const)('%j ends with %i in one clear line', async (args, code, message) => {
    await using folder = await tempFolder()
    const finished = await tidings(['keys', ...args, '--data', folder.path])
    expect(finished).toMatchObject({ code, stdout: '' })
    expect(finished.stderr).toContain(message)
    expect(finished.stderr.trim().split('\n')).toHaveLength(1)
  })

  it('a name that is taken is refused, and says what to do', async () => {
    await using folder = await tempFolder()
    await create(folder.path, '--name', 'ci', '--publish', 'a')
    const again = await create(folder.path, '--name', 'ci', '--publish', 'a')
    expect(again).toMatchObject({ code: 65, stdout: '' })
    expect(again.stderr).toContain('revoke it first, or choose another name')
  })
})

describe('the verbs that talk to a server', () => {
  it('show the key of the environment, or of a file, and say what to do without one', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const key = (
      await create(server.data, '--name', 'all', '--admin', '**', '--publish', '**', '--subscribe', '**')
    ).stdout.trim()
    const url = ['--url', server.url]
    const without = await tidings(['publish', '--topic', 'a', '--text', 'x', ...url])
    expect(without).toMatchObject({ code: 65, stdout: '' })
    expect(without.stderr).toContain('set TIDINGS_KEY, or give --key-file')
    const file = join(server.data, 'key')
    await writeFile(file, `${key}\n`)
    await until('the key to count', async () => {
      const { code } = await tidings(['publish', '--topic', 'a', '--text', 'first', ...url], {
        env: { TIDINGS_KEY: key },
      })
      return code === 0
    })
    expect((await tidings(['stats', '--json', '--key-file', file, ...url])).code).toBe(0)
    const tail = await tidings(['tail', 'a', '--last', '1', '--count', '1', '--key-file', file, ...url])
    expect(tail.stdout).toContain('first')
    const twice = await tidings(['stats', '--url', server.url.replace('//', '//user:secret@')], {
      env: { TIDINGS_KEY: key },
    })
    expect(twice).toMatchObject({ code: 64 })
    expect(twice.stderr).toContain('leave one out')
    for (const finished of [without, twice]) expect(finished.stderr).not.toContain(key)
  })

  it('tidings token lets a user read what is theirs; tail ends when it is taken back', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const token = (
      await tidings(['token', '--user', 'alice', '--data', server.data, '--ttl', '5m'])
    ).stdout.trim()
    const env = { TIDINGS_KEY: token }
    const foreign = await tidings(['tail', 'user/bob', '--url', server.url], { env })
    expect(foreign).toMatchObject({ code: 65, stdout: '' })
    expect(foreign.stderr).toContain('You may not read')
    const admin = (await create(server.data, '--name', 'ops', '--admin', '**')).stdout.trim()
    await using tail = new CliProcess(['tail', 'user/alice', '--url', server.url], { env })
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' }
    await until('the stream to be open', async () => {
      const answer = await fetch(`${server.url}/api/presence?topic=user/alice`, { headers })
      return answer.status === 200 && (await answer.text()).includes('"user/alice":1')
    })
    await fetch(`${server.url}/api/admin/revoke`, { method: 'POST', headers, body: '{"user":"alice"}' })
    const finished = await tail.finish()
    expect(finished.code).toBe(65)
    expect(finished.stderr).toContain('taken back the right')
  })
})
