import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { promises, readPage, type Snippet, snippetsOf } from './snippets.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = [
  'docs/client.md',
  'docs/client-event-source.md',
  'docs/client-fetch-event-source.md',
  'packages/client/README.md',
  'packages/react/README.md',
]

/** What an application has of its own. */
const application = `
declare function show(...what: unknown[]): void
declare function save(what: unknown): Promise<void>
declare function reloadOrders(): Promise<void>
declare function freshToken(): Promise<string>
declare function isHopeless(error: unknown): boolean
declare const signal: AbortSignal
`

interface Found extends Snippet {
  readonly name: string
}

const found: Found[] = []
for (const page of pages) {
  const text = await readPage(page)
  for (const snippet of snippetsOf(text)) {
    if (!/^tsx?$/.test(snippet.language)) continue
    found.push({ ...snippet, name: `${page.replaceAll('/', '-')}-line-${snippet.line}.${snippet.language}` })
  }
}

let folder: TempFolder
let server: ServerProcess

beforeAll(async () => {
  folder = await tempFolder()
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'))
  await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }')
  server = await ServerProcess.start()
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

it('every piece of code in the pages on the client is sound', async () => {
  const compilerOptions = {
    noEmit: true,
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
    jsx: 'react-jsx',
    noUnusedLocals: false,
    noUnusedParameters: false,
  }
  await writeFile(join(folder.path, 'application.d.ts'), application)
  await writeFile(join(folder.path, 'styles.d.ts'), `declare module '*.css'\n`)
  for (const { name, code } of found) await writeFile(join(folder.path, name), `${code}\nexport {}\n`)
  const files = ['application.d.ts', 'styles.d.ts', ...found.map(({ name }) => name)]
  const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, files }
  await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify(config))
  const tsc = run(join(root, 'node_modules/.bin/tsc'), [], { cwd: folder.path })
  const complaints = await tsc.then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
  expect(complaints).toBe('')
  expect(found.length).toBeGreaterThan(10)
})

describe('pieces of code that run print what they say', () => {
  it.each(found.filter(({ mark }) => mark === 'run'))('$name', async (snippet) => {
    const file = join(folder.path, `run-${snippet.name}`)
    await mkdir(folder.path, { recursive: true })
    await writeFile(file, snippet.code.replaceAll('http://localhost:3000', server.url))
    const { stdout } = await run(process.execPath, ['--conditions=tidings-source', file])
    expect(stdout.trimEnd().split('\n')).toEqual(promises(snippet))
  })
})

describe('docs/client.md leaves nothing out', () => {
  it.each([
    ['states', 'status.ts', 'StateName'],
    ['kinds of trouble', 'status.ts', 'TroubleCode'],
  ])('of the %s', async (_, file, type) => {
    const source = await readFile(join(root, 'packages/client/src', file), 'utf8')
    const declared = new RegExp(`export type ${type} =([\\s\\S]*?)\\n\\n`).exec(source)?.[1] ?? ''
    const names = [...declared.matchAll(/\| '([^']+)'/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(5)
    await expectInTables(names)
  })

  it.each([
    ['what a stream says of itself', 'stream.ts', 'StreamEvents'],
    ['the fields of an event', 'event.ts', 'TidingsEvent'],
    ['the fields of a status', 'status.ts', 'Status'],
  ])('of %s', async (_, file, type) => {
    const source = await readFile(join(root, 'packages/client/src', file), 'utf8')
    const declared = new RegExp(`export interface ${type}\\b.*{([\\s\\S]*?)\\n}`).exec(source)?.[1] ?? ''
    const names = [...declared.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(4)
    await expectInTables(names)
  })

  it('of the options of connect()', async () => {
    const source = await readFile(join(root, 'packages/client/src/options.ts'), 'utf8')
    const [, declared = ''] = /export interface ConnectOptions[^{]*{([\s\S]*?)\n}/.exec(source) ?? []
    const page = await readPage('docs/client.md')
    const names = [...declared.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name!)
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([])
  })
})

/** Each name stands in the first column of a table. */
async function expectInTables(names: readonly (string | undefined)[]): Promise<void> {
  const page = await readPage('docs/client.md')
  const told = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name))
  expect(names.filter((name) => !told.includes(name))).toEqual([])
}
