import { isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Settings } from './config/settings.ts'
import { createApp } from './http/app.ts'
import { createLogger, type Logger } from './observe/logger.ts'
import { createTidings, type Tidings } from './tidings.ts'

/** Connections that may wait to be accepted: after a restart, all clients come back at once. */
const listenBacklog = 8_192

/** How long answers that are under way may take after the streams are gone, in milliseconds. */
const closeGraceMs = 2_000

/** A server that listens. */
export interface RunningServer {
  /** Where it is reached, e.g. `http://127.0.0.1:3000`. */
  readonly url: string
  readonly port: number
  readonly tidings: Tidings
  readonly logger: Logger
  /**
   * Ends in order: it is no longer ready, opens no streams, takes no publishes, answers those that are here, says
   * goodbye to every stream over `drainMs`, and closes the log. Calling it again waits for the same end.
   */
  close(): Promise<void>
}

/**
 * Starts a server.
 * @throws StoreRefused if the store cannot be opened, or the error of `listen`, e.g. with code `EADDRINUSE`.
 */
export async function startServer(settings: Settings): Promise<RunningServer> {
  const [logger, tidings] = await Promise.all([
    createLogger({ level: settings.logLevel, format: settings.logFormat }),
    createTidings(settings),
  ])
  const { server } = createApp({ tidings, logger })
  try {
    await server.listen({ port: settings.port, host: settings.host, backlog: listenBacklog })
  } catch (error) {
    await tidings.close()
    throw error
  }
  void tidings.failed.then((err) => logger.fatal({ err }, 'the store failed'))
  const port = portOf(server)
  let closed: Promise<void> | undefined
  return {
    url: `http://${isIPv6(settings.host) ? `[${settings.host}]` : settings.host}:${port}`,
    port,
    tidings,
    logger,
    close: () => (closed ??= close(server, tidings, settings.drainMs)),
  }
}

async function close(server: FastifyInstance, tidings: Tidings, drainMs: number): Promise<void> {
  // The server goes on listening meanwhile, to tell whoever asks that it is not ready.
  await tidings.close({ drainMs })
  // A request that is still arriving must not hold up the end for as long as it pleases.
  const impatience = setTimeout(() => server.server.closeAllConnections(), closeGraceMs)
  await server.close()
  clearTimeout(impatience)
}

function portOf({ server }: FastifyInstance): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
