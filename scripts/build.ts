import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildConsoleIfStale } from './build-console.ts'

/** Builds what is published: each package's `dist`, in the order in which they import each other, and the console. */

const root = fileURLToPath(new URL('..', import.meta.url))

function run(program: string, ...args: string[]): void {
  execFileSync(`${root}/node_modules/.bin/${program}`, args, { cwd: root, stdio: 'inherit' })
}

for (const name of ['protocol', 'server', 'conformance']) {
  const folder = `${root}/packages/${name}`
  rmSync(`${folder}/dist`, { recursive: true, force: true })
  run('tsc', '--project', `${folder}/tsconfig.build.json`)
}
await buildConsoleIfStale()
for (const name of ['protocol', 'server', 'conformance']) run('publint', `packages/${name}`, '--strict')
