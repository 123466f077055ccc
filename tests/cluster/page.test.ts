import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPage, snippetsOf } from '../client/snippets.ts'
import { endOf } from '../support/end-of.ts'
import { freePort, isFree } from '../support/free-port.ts'
import { requireProgram } from '../support/programs.ts'
import { tidingsCommand } from '../support/server-process.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { within } from '../support/until.ts'

const isMissing = requireProgram('redis-server') === undefined || requireProgram('nginx') === undefined

/** Two drains of ten seconds are the longest part. */
const limitMs = 300_000

interface Ran {
  readonly code: number | null
  readonly output: string
}

describe.skipIf(isMissing)('docs/cluster.md, word for word', () => {
  it('keeps a count unbroken through a rolling restart, a kill and a restart of Redis, under load', {
    timeout: limitMs + 20_000,
  }, async () => {
    await using folder = await programs()
    const { code, output } = await run(await blocks(), folder)
    expect([code, output]).toEqual([0, expect.stringMatching(await promised())])
    const made = join(folder.path, 'tidings-cluster')
    const [sent, seen, log] = await Promise.all(
      ['sent.txt', 'seen.ndjson', 'tail.log'].map((name) => readFile(join(made, name), 'utf8')),
    )
    // The reader was on a node that was restarted, and on one that was killed.
    expect(sent!.trim().split('\n').length).toBeGreaterThan(100)
    expect(seen!.trim().split('\n')).toHaveLength(sent!.trim().split('\n').length)
    expect(log!.match(/connected again/g)?.length).toBeGreaterThanOrEqual(2)
  })

  it.each([
    ['misses', [1, 2, 4]],
    ['has twice', [1, 2, 2, 3]],
    ['begins without', [2, 3, 4]],
  ])('says so when the reader %s a number', async (_, numbers) => {
    await using folder = await programs()
    const lines = numbers.map((number) => JSON.stringify({ id: 'id', topic: 'count', data: String(number) }))
    await writeFile(join(folder.path, 'seen.ndjson'), `${lines.join('\n')}\n`)
    const counting = (await blocks()).find((block) => block.includes('awk'))!.split('\n')
    const check = counting.slice(counting.findIndex((line) => line.startsWith('sed'))).join('\n')
    const { code, output } = await run([check], folder)
    expect([code, output]).toEqual([1, expect.stringMatching(/^line \d is \d/)])
  })
})

/** The blocks that a reader types in, with ports that are free here. */
async function blocks(): Promise<readonly string[]> {
  const page = await readPage('docs/cluster.md')
  const nodes = await freePrefix()
  const [redis, nginx] = [await freePortBeside(nodes), await freePortBeside(nodes)]
  const ours: Readonly<Record<string, string>> = { 6379: redis, 8080: nginx, 300: nodes }
  return snippetsOf(page)
    .filter(({ language }) => language === 'bash')
    .map(({ code }) => code.replaceAll(/6379|8080|\b300(?=1|2|\$)/g, (port) => ours[port]!))
}

/** What the page says that it prints, whatever the number. */
async function promised(): Promise<RegExp> {
  const [answer] = snippetsOf(await readPage('docs/cluster.md')).filter(({ language }) => language === 'text')
  return new RegExp(`^${answer!.code.trim().replace(/\d+/, '\\d+')}$`, 'm')
}

/** Beginnings of port numbers, of which those that end in 1 and 2 are free. */
async function freePrefix(): Promise<string> {
  for (;;) {
    const prefix = String(await freePort()).slice(0, -1)
    if ((await isFree(Number(`${prefix}1`))) && (await isFree(Number(`${prefix}2`)))) return prefix
  }
}

/** A free port that does not begin like those of the nodes, which are free only as long as nobody has begun. */
async function freePortBeside(prefix: string): Promise<string> {
  for (;;) {
    const port = String(await freePort())
    if (!port.startsWith(prefix)) return port
  }
}

/** A folder with the program `tidings`, as its package installs it: a process that is Node itself. */
async function programs(): Promise<TempFolder> {
  const folder = await tempFolder()
  const file = join(folder.path, 'tidings')
  const words = tidingsCommand.map((word) => `'${word}'`).join(' ')
  await writeFile(file, `#!/bin/sh\nexec ${words} "$@"\n`)
  await chmod(file, 0o755)
  return folder
}

async function run(lines: readonly string[], { path }: TempFolder): Promise<Ran> {
  const PATH = `${path}:/usr/sbin:${process.env.PATH}`
  const clean = Object.entries(process.env).filter(([name]) => !/^(TIDINGS_|PORT$|FORCE_COLOR$)/.test(name))
  const shell = spawn('bash', ['-c', `set -eu -o pipefail\n${lines.join('\n')}`], {
    cwd: path,
    env: { ...Object.fromEntries(clean), PATH, NO_COLOR: '1' },
    // A group of its own: whatever the page has started ends with it.
    detached: true,
  })
  let output = ''
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const exited = once(shell, 'exit') as Promise<[number | null]>
  const ended = endOf(shell)
  try {
    await within(() => `the page's commands, which say: ${output}`, limitMs, exited)
  } finally {
    endGroup(shell.pid!)
  }
  const { code } = await ended
  return { code, output }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
