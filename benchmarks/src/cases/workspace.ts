import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender } from '../servers/contender.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import type { Effort } from './case.ts'

/** Runs some work with an empty folder that is removed afterwards. */
export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-bench-data-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs some work on a fresh server that ends afterwards, whatever happens. */
export function withServer<Result>(
  contender: Contender,
  effort: Effort,
  work: (server: ServerProcess) => Promise<Result>,
): Promise<Result> {
  return withFolder(async (data) => {
    const server = await contender.start({ data, profileTo: effort.profileTo })
    try {
      return await work(server)
    } finally {
      // Only a server that ends by itself writes its profile.
      await (effort.profileTo === undefined ? server.kill() : server.stop())
    }
  })
}
