import { isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type Authenticator, type Mode, openAuthenticator } from './auth/authenticator.ts'
import { hasIssuers } from './auth/token/issuers.ts'
import type { Settings } from './config/settings.ts'
import { createDemoFeeds } from './demo-feeds.ts'
import type { App } from './http/app.ts'
import type { LiveCertificate } from './http/live-certificate.ts'
import type { WaitingRoom } from './http/waiting-room.ts'
import { createLogger, type Logger } from './observe/logger.ts'
import { startServerFeeds } from './server-feeds.ts'
import { createTidings, type Tidings } from './tidings.ts'

/** Connections that may wait to be accepted: after a restart, all clients come back at once. */
const listenBacklog = 8_192

/** How long a store may take to open before somebody says so on its port, in milliseconds. */
const patienceMs = 500

/** The part of the drain that is for the streams; the rest is for requests that are still arriving. */
const streamShare = 0.9

/** A server that listens. */
export interface RunningServer {
  /** Where it is reached, e.g. `http://127.0.0.1:3000`; `https://…` with a certificate. */
  readonly url: string
  readonly port: number
  /** Whether everybody may do everything (`dev`), or has to say who they are. */
  readonly mode: Mode
  readonly tidings: Tidings
  readonly logger: Logger
  /**
   * Ends in order: it is no longer ready, opens no streams, takes no publishes, answers those that are here, says
   * goodbye to every stream over `drainMs`, and closes the log. Calling it again waits for the same end.
   */
  close(): Promise<void>
  /** Reads the files of the TLS certificate again; a pair that is no good leaves the old one in use. */
  renewCertificate?(): Promise<void>
}

/**
 * Starts a server.
 * @throws ConfigError if the TLS certificate is no good, StoreRefused if the store cannot be opened, or the error
 *   of `listen`, e.g. with code `EADDRINUSE`.
 */
export async function startServer(settings: Settings): Promise<RunningServer> {
  const logging = createLogger({ level: settings.logLevel, format: settings.logFormat })
  const auth = await openAuth(settings, logging)
  const certificate = settings.tlsCert === '' ? undefined : await openCertificate(settings, await logging)
  const logger = await logging
  const opening = createTidings({ ...settings, onNotice: ({ level, message }) => logger[level](message) })
  // The store opens in threads of its own; the web framework is loaded meanwhile.
  const [{ createApp }, room] = await Promise.all([
    import('./http/app.ts'),
    waitInRoom(opening, settings, logger, certificate),
  ])
  const tidings = await opening.finally(() => room?.close())
  auth.onRevoked((hasLost) => tidings.revoke(hasLost))
  const app = createApp({ tidings, logger, auth, certificate })
  try {
    await app.server.listen({ ...listenOptions(settings), port: room?.port ?? settings.port })
  } catch (error) {
    certificate?.close()
    auth.close()
    await tidings.close()
    throw error
  }
  // Asked each time: a server leaves dev mode with its first key.
  const isDemo = () => settings.demo === 'on' || (settings.demo === 'auto' && auth.mode === 'dev')
  const stopDemo = startServerFeeds(tidings.log, tidings.hub, createDemoFeeds(), isDemo)
  void tidings.failed.then((err) => logger.fatal({ err }, 'the store failed'))
  const scheme = certificate === undefined ? 'http' : 'https'
  const port = portOf(app.server)
  let closed: Promise<void> | undefined
  return {
    url: `${scheme}://${isIPv6(settings.host) ? `[${settings.host}]` : settings.host}:${port}`,
    port,
    get mode() {
      return auth.mode
    },
    tidings,
    logger,
    close() {
      stopDemo()
      closed ??= close(app, tidings, settings.drainMs).finally(() => auth.close())
      return closed
    },
    ...(certificate && { renewCertificate: () => certificate.renew() }),
  }
}

function listenOptions({ port, host }: Settings) {
  return { port, host, backlog: listenBacklog }
}

/**
 * Opens a waiting room, if the store takes its time.
 * @throws the error of `listen`.
 */
async function waitInRoom(
  opening: Promise<Tidings>,
  settings: Settings,
  logger: Logger,
  certificate: LiveCertificate | undefined,
): Promise<WaitingRoom | undefined> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<true>((resolve) => {
    timer = setTimeout(resolve, patienceMs, true)
  })
  const isLate = await Promise.race([
    opening.then(
      () => false,
      () => false,
    ),
    patience,
  ])
  clearTimeout(timer)
  if (!isLate) return undefined
  const { openWaitingRoom } = await import('./http/waiting-room.ts')
  return openWaitingRoom({ listen: listenOptions(settings), retryMs: settings.retryMs, logger, certificate })
}

/** @throws ConfigError */
async function openAuth(settings: Settings, logging: Promise<Logger>): Promise<Authenticator> {
  const logger = await logging
  const auth = await openAuthenticator(settings, (reason) =>
    logger.debug({ reason }, 'a credential was refused'),
  )
  if (auth.mode === 'production' && !auth.store.hasKeys && !hasIssuers(settings)) {
    logger.warn('there is no API key yet; make one with: tidings keys create --name first --admin "**"')
  }
  return auth
}

async function openCertificate(settings: Settings, logger: Logger): Promise<LiveCertificate> {
  const { LiveCertificate } = await import('./http/live-certificate.ts')
  return LiveCertificate.open(settings, logger)
}

async function close({ server, listener }: App, tidings: Tidings, drainMs: number): Promise<void> {
  const deadline = performance.now() + drainMs
  // The server goes on listening meanwhile, to tell whoever asks that it is not ready.
  const drained = tidings.drain({ drainMs: drainMs * streamShare })
  listener.drain()
  await drained
  // A request that is still arriving must not hold up the end for as long as it pleases. A publish that waits for
  // a slow disk has all the time that the streams, which may be few, have left.
  const impatience = setTimeout(() => listener.cut(), deadline - performance.now())
  await server.close()
  clearTimeout(impatience)
  // Only now: what was on its way has been stored and answered.
  await tidings.close()
}

function portOf({ server }: FastifyInstance): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
