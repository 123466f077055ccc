import { isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Settings } from './config/settings.ts'
import { createLogger, type Logger } from './observe/logger.ts'
import { createTidings, type Tidings } from './tidings.ts'

/** Connections that may wait to be accepted: after a restart, all clients come back at once. */
const listenBacklog = 8_192

/** The part of the drain that is for the streams; the rest is for requests that are still arriving. */
const streamShare = 0.9

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
  const [tidings, logger, { createApp }] = await Promise.all([
    createTidings(settings),
    createLogger({ level: settings.logLevel, format: settings.logFormat }),
    // The store opens in threads of its own; the web framework is loaded meanwhile.
    import('./http/app.ts'),
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
  const deadline = performance.now() + drainMs
  // The server goes on listening meanwhile, to tell whoever asks that it is not ready.
  await tidings.drain({ drainMs: drainMs * streamShare })
  // A request that is still arriving must not hold up the end for as long as it pleases. A publish that waits for
  // a slow disk has all the time that the streams, which may be few, have left.
  const impatience = setTimeout(() => server.server.closeAllConnections(), deadline - performance.now())
  await server.close()
  clearTimeout(impatience)
  // Only now: what was on its way has been stored and answered.
  await tidings.close()
}

function portOf({ server }: FastifyInstance): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
