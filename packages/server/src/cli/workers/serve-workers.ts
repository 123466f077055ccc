import { createServer } from 'node:net'
import { MemoryTickets } from '../../auth/tickets/memory-tickets.ts'
import { serveTickets } from '../../auth/tickets/worker-tickets.ts'
import type { Settings } from '../../config/settings.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import type { EventLog } from '../../log/event-log.ts'
import { openLog } from '../../log/open-log.ts'
import { RetentionTimer } from '../../log/retention-timer.ts'
import { LogOwner } from '../../log/worker/log-owner.ts'
import { createLogger, type Logger } from '../../observe/logger.ts'
import { PostOffice } from '../../peers/worker-post.ts'
import { exitCode } from '../exit-code.ts'
import { explainStart } from '../start-failure.ts'
import { closeOnSignal, dieOfMistakes, lastWordsMs, onHangUp } from '../supervisor.ts'
import { type Listening, WorkerCrew } from './worker-crew.ts'
import type { WorkerProcess } from './worker-process.ts'

/**
 * Runs a server as several processes that share its port: resolves when a signal has ended them all. An embedded
 * log has one owner, this process, which serves it to them; on Redis each is a node of its own.
 * @param onListening called when all listen.
 * @throws CliError if the store, the port or one of them is refused.
 */
export async function serveWorkers(
  settings: Settings,
  onListening: (listening: Listening, logger: Logger) => void,
): Promise<void> {
  const logger = await createLogger({ level: settings.logLevel, format: settings.logFormat })
  const estate = await openEstate(settings, logger)
  const crew = new WorkerCrew({ settings, logger, serve: estate?.serve }, endOfStore)
  // Whatever ends this process ends them.
  process.on('exit', () => crew.kill())
  void estate?.log.failed.then((err) => {
    logger.fatal({ err }, 'the store failed')
    setTimeout(endOfStore, lastWordsMs)
  })
  dieOfMistakes(logger)
  try {
    await checkPort(settings)
    onListening(await crew.start(), logger)
  } catch (error) {
    await estate?.close()
    throw explainStart(error, settings)
  }
  if (settings.tlsCert !== '') onHangUp(() => crew.renewCertificates())
  await closeOnSignal(logger, settings.drainMs, async () => {
    await crew.close()
    await estate?.close()
  })
}

function endOfStore(): void {
  process.exit(exitCode.storeFailed)
}

/** What only one process can own, and all workers use. */
interface Estate {
  readonly log: EventLog
  readonly serve: (worker: WorkerProcess) => void
  close(): Promise<void>
}

async function openEstate(settings: Settings, logger: Logger): Promise<Estate | undefined> {
  if (readRedisAddress(settings.store) !== undefined) return undefined
  const log = await openLog(settings).catch((error: unknown) => {
    throw explainStart(error, settings)
  })
  const owner = await LogOwner.open(log)
  const retention = RetentionTimer.of(log, settings)
  const tickets = new MemoryTickets()
  const post = new PostOffice()
  return {
    log,
    serve(worker) {
      const { channel, number } = worker
      owner.serve(channel, () => {
        logger.error({ worker: number }, 'a worker does not read what it is sent; it is ended')
        worker.kill()
      })
      serveTickets(tickets, channel)
      post.serve(channel)
    },
    async close() {
      await retention.close()
      owner.close()
      await log.close()
    },
  }
}

/**
 * Sees that nobody else has the port: another server that shares its own port would not even notice, and each would
 * get half of the connections.
 * @throws the error of `listen`.
 */
async function checkPort({ port, host }: Settings): Promise<void> {
  if (port === 0) return
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, host }, resolve)
  })
  await new Promise((resolve) => server.close(resolve))
}
