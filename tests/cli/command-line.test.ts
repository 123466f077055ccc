import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { exitCode } from '../../packages/server/src/cli/exit-code.ts'
import { tidings } from './cli-process.ts'

const page = await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8')

test('--help names the verbs, and how to begin', async () => {
  const { code, stdout, stderr } = await tidings(['--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const verb of ['serve', 'publish', 'tail', 'keys', 'token', 'doctor', 'stats'])
    expect(stdout).toMatch(new RegExp(`^ +${verb} `, 'm'))
  expect(stdout).toContain('tail -f app.log | tidings publish')
})

test.each(['serve', 'publish', 'tail', 'stats', 'token', 'doctor'])(
  '%s --help has examples, and its flags are in docs/cli.md',
  async (verb) => {
    const { code, stdout, stderr } = await tidings([verb, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Examples:\n  $ tidings')
    const flags = [...stdout.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag!)
    expect(flags.length).toBeGreaterThan(2)
    // Those of the server are in docs/configuration.md, which is generated.
    if (verb === 'serve') return
    const section = page.split(/^## /m).find((section) => section.startsWith(`\`tidings ${verb}\``))
    for (const flag of flags) expect(section).toContain(`\`${flag}`)
  },
)

test('--version is that of the package', async () => {
  const manifest = await readFile(new URL('../../packages/server/package.json', import.meta.url), 'utf8')
  expect((await tidings(['--version'])).stdout).toBe(`${JSON.parse(manifest).version}\n`)
})

test('docs/cli.md lists every exit code', () => {
  for (const code of Object.values(exitCode)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'))
})

test.each([
  [['publsh'], 64, '"publsh" is not a verb; the nearest is publish'],
  [['serve', 'extra'], 64, '"extra" is not a verb; see tidings --help'],
  [['tail', '--tpes', 'a'], 64, "unknown option '--tpes' (Did you mean --types?); see tidings tail --help"],
  [['publish', '--topic', 'a', 'b'], 64, 'Expected 0 arguments but got 1: b; see tidings publish --help'],
  [['keys', 'create', 'ci'], 64, "'--name <name>' not specified; see tidings keys --help"],
  [['tail', 'a', '--count', '0'], 64, '--count 0 is not a number from 1'],
  [['tail', 'a b'], 64, 'white space'],
  [['tail', 'a', '--last', '1', '--since', 'x'], 64, 'two beginnings'],
  [['tail', 'a', '--types', 'gap'], 64, 'control event'],
  [['tail', 'a', '--retry-for', 'long'], 64, '--retry-for long is not a duration'],
  [['publish', '--text', 'a'], 64, '--topic is missing'],
  [['publish', '--topic', 'a*', '--text', 'a'], 64, 'which only patterns may have'],
  [['publish', '--topic', 'a', '--data', '{a}'], 64, '--data is not valid JSON'],
  [['publish', '--topic', 'a', '--data', '1', '--text', 'a'], 64, "cannot be used with option '--data"],
  [['publish', '--ndjson', '--topic', 'a'], 64, 'cannot be used with'],
  [['publish', '--topic', 'a', '--idempotency-key', 'k'], 64, 'goes with one event'],
  [['publish', '--topic', 'a', '--on-error', 'cry'], 64, 'Allowed choices are stop, skip'],
  [['publish', '--topic', 'a', '--max-event-bytes', 'big'], 64, 'is not a size'],
  [['publish', '--topic', 'a', '--text', 'a', '--url', 'ftp://localhost'], 64, 'not the URL of a server'],
  [['stats', '--watch', 'often'], 64, '--watch often is not a duration'],
] as const)('%j ends with %i in one clear line', async (args, code, message) => {
  const finished = await tidings(args)
  expect(finished).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
  expect(finished.stderr).toMatch(/^tidings: .*\n$/)
})

test.each([['stats'], ['publish', '--topic', 'a', '--text', 'b'], ['tail', '--retry-for', '0s']])(
  '%s without a server says so and ends with 69',
  async (...args) => {
    // Nothing can listen on a port that cannot be used.
    const finished = await tidings([...args, '--url', 'http://user:secret@127.0.0.1:1'])
    expect(finished).toMatchObject({ code: 69, stdout: '' })
    expect(finished.stderr).toContain('http://127.0.0.1:1/')
    expect(finished.stderr).not.toContain('secret')
  },
)
