import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Consumer } from '../support/consumer.ts'
import { endOf } from '../support/end-of.ts'
import { freePort } from '../support/free-port.ts'
import { getText } from '../support/get-text.ts'
import { SseReader } from '../support/sse-reader.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const command = join(repository, 'packages/server/bin/tidings.js')
const pretending = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.17.1'}})`

interface OldNode {
  readonly version: string
  readonly node: string
  readonly args: readonly string[]
}

/** Nodes that are too old: this one, which only says so, and the system's, if it is. */
const nodes: readonly OldNode[] = [
  { version: '22.17.1', node: process.execPath, args: ['--import', pretending] },
  ...oldNodes(),
]

function oldNodes(): OldNode[] {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((node) => !node.includes('node_modules') && existsSync(node))
    .map((node) => {
      const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
      return { version, node, args: [] }
    })
    .filter(({ version }) => Number.parseInt(version, 10) < 22)
    .slice(0, 1)
}

test.each(nodes)(
  'Node $version is told that it is too old, and which would do',
  async ({ node, args, version }) => {
    const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
    execFile(node, [...args, command, '--version'], (error, stdout, stderr) =>
      resolve([error?.code, stdout, stderr]),
    )
    const manifest = await readFile(new URL('../../packages/server/package.json', import.meta.url), 'utf8')
    const needed = JSON.parse(manifest).engines.node.replace('>=', '')
    expect(await promise).toEqual([
      1,
      '',
      `tidings: needs Node ${needed} or newer, and this is Node ${version}\n`,
    ])
  },
)

describe('tidings, as npm links it', () => {
  /** Starts a server from a folder, looks at its page, and stops it. */
  async function pageOf(folder: string): Promise<{ page: string; code: number | null }> {
    await using data = await tempFolder()
    const program = join(folder, 'node_modules/tidings/bin/tidings.js')
    const args = ['serve', '--port', '0', '--log-format', 'json', '--data', data.path]
    const server = spawn(process.execPath, [program, ...args], { cwd: data.path })
    const ended = endOf(server)
    let output = ''
    for (const stream of [server.stdout, server.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    try {
      const url = await until(
        () => `the server to listen; it says: ${output}`,
        async () => /"url":"([^"]+)"/.exec(output)?.[1],
        { timeoutMs: 60_000 },
      )
      const page = await (await fetch(url)).text()
      server.kill('SIGTERM')
      return { page, code: (await ended).code }
    } finally {
      server.kill('SIGKILL')
    }
  }

  test('runs from the sources in the repository, its page built', async () => {
    const { page, code } = await pageOf(repository)
    expect(page).toContain('<div id="page">')
    expect(code).toBe(0)
  })

  /** What is tried with a server that npx has started. */
  type Trial = (npx: ChildProcess, port: number, isGone: () => Promise<unknown>) => Promise<void>

  async function withNpx(trial: Trial): Promise<void> {
    await using data = await tempFolder()
    const port = await freePort()
    const args = ['tidings', 'serve', '--port', String(port), '--data', data.path, '--drain-ms', '4s']
    const npx = spawn('npx', args, { cwd: repository, stdio: 'ignore', detached: true })
    const answers = async () =>
      (await getText(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)) !== undefined
    try {
      await until('the server to be ready', answers, { timeoutMs: 60_000 })
      await trial(npx, port, () =>
        until('the server to be gone', async () => !(await answers()), { timeoutMs: 60_000 }),
      )
    } finally {
      // Its group, which it leads: what it has left behind, if this test fails.
      try {
        process.kill(-npx.pid!, 'SIGKILL')
      } catch {
        // Nothing is left.
      }
    }
  }

  test('ends with the npx that has started it', () =>
    withNpx(async (npx, _port, isGone) => {
      npx.kill('SIGTERM')
      await isGone()
    }))

  test('told to stop together with its npx, which is gone at once, says goodbye to all', () =>
    withNpx(async (npx, port, isGone) => {
      // So many that goodbyes take longer than it takes to notice that npx is gone.
      const readers = await Promise.all(
        Array.from({ length: 40 }, () => SseReader.open({ port, topics: ['a'], reconnect: 'never' })),
      )
      process.kill(-npx.pid!, 'SIGTERM')
      await until('all streams to end', () => readers.every(({ isOpen }) => !isOpen), { timeoutMs: 60_000 })
      expect(readers.filter(({ goodbye }) => goodbye === undefined)).toHaveLength(0)
      await isGone()
    }))

  test('runs where the packages are installed as they are published', async () => {
    await using consumer = await Consumer.install(['protocol', 'client', 'server'])
    const { page, code } = await pageOf(consumer.path)
    expect(page).toContain('<div id="page">')
    expect(code).toBe(0)
  })
})
