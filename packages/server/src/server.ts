import { isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type Authenticator, type Mode, openAuthenticator } from './auth/authenticator.ts'
import { openPolicy } from './auth/policy.ts'
import type { TicketStore } from './auth/tickets/ticket-store.ts'
import { hasIssuers } from './auth/token/issuers.ts'
import type { Settings } from './config/settings.ts'
import { createDemoFeeds } from './demo-feeds.ts'
import type { App } from './http/app.ts'
import type { LiveCertificate } from './http/live-certificate.ts'
import type { WaitingRoom, WaitingRoomOptions } from './http/waiting-room.ts'
import type { EventLog, StoreNotice } from './log/event-log.ts'
import { createLogger, type Logger } from './observe/logger.ts'
import type { Peers } from './peers/peers.ts'
import { startServerFeeds } from './server-feeds.ts'
import { openTidings, type Tidings } from './tidings.ts'

export type { Logger } from './observe/logger.ts'

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
export function startServer(settings: Settings): Promise<RunningServer> {
  return start(settings)
}

/** What one of several processes on one port is given by the one that has started it. */
export interface WorkerPart {
  /** Its number, for the log. */
  readonly worker: number
  /** Names them all, for what they count together. */
  readonly crew: string
  /** What it does not open by itself. */
  readonly log?: EventLog
  readonly peers?: Peers
  readonly tickets?: TicketStore
  /** Resolves when it is to listen: all at once, or whoever is up first would get all the streams that come back. */
  readonly turn?: () => Promise<void>
}

/** Starts a server that shares its port with others. Throws as `startServer` does. */
export function startWorker(settings: Settings, part: WorkerPart): Promise<RunningServer> {
  return start(settings, part)
}

async function start(settings: Settings, part?: WorkerPart): Promise<RunningServer> {
  const { port: wantedPort, host, logLevel: level, logFormat: format } = settings
  const logger = await createLogger({ level, format, worker: part?.worker })
  const certificate = settings.tlsCert === '' ? undefined : await openCertificate(settings, logger)
  const opening = openStores(settings, logger, part)
  const listen = { port: wantedPort, host, backlog: listenBacklog, reusePort: part !== undefined }
  // The store opens in threads of its own; the web framework is loaded meanwhile.
  const [{ createApp }, room] = await Promise.all([
    import('./http/app.ts'),
    waitInRoom(opening, { listen, retryMs: settings.retryMs, logger, certificate }),
  ])
  const { auth, tidings } = await opening.finally(() => room?.close())
  auth.onRevoked((hasLost) => tidings.revoke(hasLost))
  tidings.log.handOutAfter?.(() => auth.freshen())
  const app = createApp({ tidings, logger, auth, crew: part?.crew, certificate })
  try {
    await app.server.ready()
    await part?.turn?.()
    await app.server.listen({ ...listen, port: room?.port ?? wantedPort })
  } catch (error) {
    certificate?.close()
    await auth.close()
    await tidings.close()
    throw error
  }
  // Asked each time: a server leaves dev mode with its first key.
  const isDemo = () => settings.demo === 'on' || (settings.demo === 'auto' && auth.mode === 'dev')
  const stopDemo = startServerFeeds(tidings, createDemoFeeds(), isDemo)
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
      closed ??= close(app, tidings, settings.drainMs).finally(() => {
        certificate?.close()
        return auth.close()
      })
      return closed
    },
    ...(certificate && { renewCertificate: () => certificate.renew() }),
  }
}

/**
 * Opens a waiting room, if the store takes its time.
 * @throws the error of `listen`.
 */
async function waitInRoom(
  opening: Promise<unknown>,
  options: WaitingRoomOptions,
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
  return openWaitingRoom(options)
}

/** What says who may, and the log. On Redis both wait for it. @throws ConfigError, StoreRefused */
async function openStores(
  settings: Settings,
  logger: Logger,
  part: WorkerPart | undefined,
): Promise<{ readonly auth: Authenticator; readonly tidings: Tidings }> {
  const onNotice = ({ level, message }: StoreNotice) => logger[level](message)
  const auth = await openAuth(settings, logger, onNotice, part?.tickets)
  try {
    return {
      auth,
      tidings: await openTidings(settings, openPolicy, { log: part?.log, peers: part?.peers, onNotice }),
    }
  } catch (error) {
    await auth.close()
    throw error
  }
}

async function openAuth(
  settings: Settings,
  logger: Logger,
  onNotice: (notice: StoreNotice) => void,
  tickets: TicketStore | undefined,
): Promise<Authenticator> {
  const onRefused = (reason: string) => logger.debug({ reason }, 'a credential was refused')
  const auth = await openAuthenticator(settings, { onRefused, onNotice }, tickets)
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
