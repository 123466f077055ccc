import { join } from 'node:path'
import { type Contender, jsonShape, type StartOptions, topic } from './contender.ts'
import { nodeCommand, packageVersion, root } from './node-program.ts'
import { freePort, ServerProcess } from './server-process.ts'

/** Tidings as `npm start` runs it: durable log, ids, heartbeats. */
export const tidings: Contender = {
  name: 'tidings',
  label: 'Tidings',
  shape: jsonShape('/api/events'),
  streamPath: `/events?topic=${topic}`,
  version: () => `${packageVersion('tidings')}, Node ${process.versions.node}`,
  obstacle: () => undefined,
  start: (options) => startTidings(options),
}

/** Starts Tidings, on a given port if it is to come back where it was. */
export async function startTidings(
  options: StartOptions,
  port?: number,
  more: readonly string[] = [],
): Promise<ServerProcess> {
  const main = join(root, 'packages/server/src/cli/main.ts')
  const own = port ?? (await freePort())
  const flags = ['--port', String(own), '--data', options.data, ...more]
  const command = [...nodeCommand(main, options), 'serve', ...flags]
  return ServerProcess.start({
    command,
    port: own,
    readyPath: '/readyz',
    isSecure: more.includes('--tls-cert'),
  })
}
