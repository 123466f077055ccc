import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { readPage, type Snippet, snippetsOf } from '../client/snippets.ts'
import { tempFolder } from '../support/temp-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Those on the client have a test of their own, which also runs what they show. */
const pages = [
  'README.md',
  'docs/library.md',
  'docs/react.md',
  'packages/conformance/README.md',
  'packages/protocol/README.md',
  'packages/server/README.md',
]

/** What stands after the language of a piece of code says which framework its `app` is of. */
const apps: Readonly<Record<string, string>> = {
  express: "import('express').Express",
  fastify: "import('fastify').FastifyInstance",
  hono: "import('hono').Hono",
}

/** What a reader's own application has. */
const application = `
declare const tidings: import('tidings').Tidings
declare const order: { id: string }
declare const user: { id: string; team: number }
declare const req: import('express').Request
declare const res: import('express').Response
declare const clientId: string
declare const jwksUrl: string
declare const server: import('node:http').Server
declare const source: EventSource
declare function Deploys(props: { first: readonly import('tidings').HistoryEvent[] }): import('react').ReactElement
declare function show(...what: unknown[]): void
declare function showConnection(state: string): void
declare function fetchToken(): Promise<string>
declare function refund(what: unknown): Promise<void>
declare function reload(): void
declare function tellTime(): void
declare function openMyEngine(): Promise<import('tidings/log').EventLog>
declare function expect(what: unknown): { toBe(what: unknown): void }
declare function readSession(cookie?: string): Promise<{ userId: string; expiresAt: Date } | undefined>
declare namespace Express {
  interface Request {
    user: { id: string }
  }
}
`

/** A page of the repository's code as files of TypeScript, one for each piece. */
function filesOf(page: string, snippets: readonly Snippet[]): [name: string, text: string][] {
  return snippets
    .filter(({ language }) => /^(tsx?|js)$/.test(language))
    .map(({ language, mark, code, line }) => {
      const name = `${page.replaceAll('/', '-')}-line-${line}.${language === 'tsx' ? 'tsx' : 'ts'}`
      const app = apps[mark] === undefined ? '' : `declare const app: ${apps[mark]}\n`
      return [name, `${app}${code}\nexport {}\n`]
    })
}

it('every piece of code in the other pages is sound', async () => {
  await using folder = await tempFolder()
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'))
  const compilerOptions = {
    noEmit: true,
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
    jsx: 'react-jsx',
    noUnusedLocals: false,
    noUnusedParameters: false,
  }
  const files: [name: string, text: string][] = [
    ['package.json', '{ "type": "module" }'],
    ['application.d.ts', application],
    ['styles.d.ts', "declare module '*.css'\n"],
  ]
  for (const page of pages) {
    const own = filesOf(page, snippetsOf(await readPage(page)))
    expect(own.length, page).toBeGreaterThan(0)
    files.push(...own)
  }
  const config = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions,
    files: files.map(([name]) => name).filter((name) => !name.endsWith('.json')),
  }
  for (const [name, text] of [...files, ['tsconfig.json', JSON.stringify(config)] as const])
    await writeFile(join(folder.path, name), text)
  const complaints = await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), [], {
    cwd: folder.path,
  }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
  expect(complaints).toBe('')
})
