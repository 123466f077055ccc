import type { Logger, RunningServer } from '../server.ts'
import { leaveNpm } from './end-with-npm.ts'
import { exitCode } from './exit-code.ts'

/** Beyond the drain, for publishes in flight and the store. */
const closeGraceMs = 10_000

/** After the store failed, for streams and publishers to be told so; nothing is acknowledged any more. */
export const lastWordsMs = 250

/**
 * Lives with a server until a signal ends it: resolves when it has closed. Whatever else ends it ends the
 * process soon, since neither a store that failed nor a mistake of ours leaves anything to rely on.
 * @param drainMs how long closing takes by design.
 */
export async function supervise(server: RunningServer, drainMs: number): Promise<void> {
  const { logger } = server
  watchOver(server)
  await closeOnSignal(logger, drainMs, () => server.close())
}

/** Ends the process when its store has failed, or when it has made a mistake; renews the certificate on a hang-up. */
export function watchOver(server: RunningServer): void {
  dieOfMistakes(server.logger)
  // Without TLS, and at a terminal that is closed, a hang-up ends the process, as it does by default.
  if (server.renewCertificate !== undefined) onHangUp(() => void server.renewCertificate?.())
  void server.tidings.failed.then(() => setTimeout(() => process.exit(exitCode.storeFailed), lastWordsMs))
}

export function dieOfMistakes(logger: Logger): void {
  const dieOf = (error: unknown) => {
    logger.fatal({ err: error }, 'a mistake in Tidings itself; the process ends')
    process.exit(exitCode.internal)
  }
  process.on('uncaughtException', dieOf).on('unhandledRejection', dieOf)
}

export function onHangUp(renew: () => void): void {
  if (!process.stdin.isTTY) process.on('SIGHUP', renew)
}

/** Waits for a signal, and closes; a second signal ends the process at once. */
export async function closeOnSignal(
  logger: Logger,
  drainMs: number,
  close: () => Promise<void>,
): Promise<void> {
  const signal = await nextSignal()
  leaveNpm()
  logger.info({ signal, drainMs }, 'shutting down; a second signal stops at once')
  void nextSignal().then(() => process.exit(exitCode.interrupted))
  await closeInTime(logger, drainMs, close)
  logger.info('stopped')
}

/** Closes, or ends the process when that takes too long. */
export async function closeInTime(
  logger: Logger,
  drainMs: number,
  close: () => Promise<void>,
): Promise<void> {
  const overdue = setTimeout(() => {
    logger.fatal('shutting down took too long; the process ends')
    process.exit(exitCode.internal)
  }, drainMs + closeGraceMs)
  await close()
  clearTimeout(overdue)
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const take = (signal: NodeJS.Signals) => {
      process.off('SIGINT', take).off('SIGTERM', take)
      resolve(signal)
    }
    process.on('SIGINT', take).on('SIGTERM', take)
  })
}
