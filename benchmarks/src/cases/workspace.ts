import type { Contender } from '../servers/contender.ts'
import { makeScratchFolder, removeScratchFolder } from '../servers/scratch-folder.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import type { Effort } from './case.ts'

/** Runs some work with an empty folder that is removed afterwards. */
export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = makeScratchFolder()
  try {
    return await work(folder)
  } finally {
    removeScratchFolder(folder)
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
