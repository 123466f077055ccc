import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StartOptions } from './contender.ts'
import { freePort, ServerProcess } from './server-process.ts'

/** The repository's root, where `npm start` runs. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A command that runs a TypeScript program of this repository with this Node. */
export function nodeCommand(file: string, options: StartOptions): string[] {
  const profile = options.profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileTo}`]
  return [process.execPath, '--conditions=tidings-source', ...profile, file]
}

/** Starts one of the programs in `peers/`. */
export async function startPeer(program: URL, options: StartOptions): Promise<ServerProcess> {
  const port = await freePort()
  return ServerProcess.start({
    command: [...nodeCommand(fileURLToPath(program), options), String(port)],
    port,
    readyPath: '/ready',
  })
}

/** The installed version of a package. */
export function packageVersion(name: string): string {
  const require = createRequire(import.meta.url)
  const folder = require.resolve.paths(name)!.map((path) => join(path, name, 'package.json'))
  for (const file of folder) {
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
    } catch {
      // Not in this node_modules: a workspace's packages are mostly in the root's.
    }
  }
  throw new Error(`${name} is not installed; run npm ci`)
}
