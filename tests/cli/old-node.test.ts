import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'

const main = fileURLToPath(new URL('../../packages/server/src/cli/main.ts', import.meta.url))
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
    await using folder = await tempFolder()
    const program = join(folder.path, 'main.mjs')
    // As it is published: an old Node knows nothing of types.
    await writeFile(program, stripTypeScriptTypes(await readFile(main, 'utf8')))
    const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
    execFile(node, [...args, program, '--version'], (error, stdout, stderr) =>
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
