import { execFileSync } from 'node:child_process'
import { cpSync, globSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const programs = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url))

/** The packages that are published, by their folders, in the order in which they import each other. */
export const packages = ['protocol', 'client', 'server', 'react', 'conformance'] as const

/**
 * Builds a package's `dist` from its sources.
 * @throws Error if they are not sound; the compiler has said why.
 */
export function buildPackage(folder: string): void {
  rmSync(`${folder}/dist`, { recursive: true, force: true })
  run('tsc', '--project', `${folder}/tsconfig.build.json`)
  // The compiler leaves them where they are.
  for (const script of globSync('**/*.lua', { cwd: `${folder}/src` })) {
    cpSync(`${folder}/src/${script}`, `${folder}/dist/${script}`)
  }
}

/** Refuses a package that would not work where it is installed, as far as `publint` can tell. */
export function checkPackage(folder: string): void {
  run('publint', folder, '--strict')
}

function run(program: string, ...args: string[]): void {
  execFileSync(`${programs}${program}`, args, { stdio: 'inherit' })
}
