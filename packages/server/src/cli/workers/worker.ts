import { WorkerTickets } from '../../auth/tickets/worker-tickets.ts'
import { Channel, type ChannelEnd } from '../../channel/channel.ts'
import { openWorkerLog } from '../../log/worker/worker-log.ts'
import { Correspondence } from '../../peers/correspondence.ts'
import { WorkerPost } from '../../peers/worker-post.ts'
import { type RunningServer, startWorker, type WorkerPart } from '../../server.ts'
import { exitCode } from '../exit-code.ts'
import { failureOf } from '../failure.ts'
import { explainStart } from '../start-failure.ts'
import { closeInTime, lastWordsMs, watchOver } from '../supervisor.ts'
import {
  closeWord,
  pulseQuestion,
  renewWord,
  startQuestion,
  turnQuestion,
  type WorkerOrder,
  type WorkerStart,
} from './messages.ts'

/** The program of one worker: a server on a port that it shares, run by the process that has started it. */

const channel = new Channel(process as ChannelEnd)
channel.answer(startQuestion, start)
channel.answer(pulseQuestion, () => true)
let isLive = false
// Until it is live there is nothing to be closed.
channel.hear(closeWord, () => process.exit(exitCode.ok))
// Whoever is left alone while it starts has nobody to say goodbye to.
void channel.ended.then(() => {
  if (!isLive) process.exit(exitCode.internal)
})

async function start(order: WorkerOrder): Promise<WorkerStart> {
  try {
    const server = await startWorker(order.settings, await partOf(order))
    live(server, order.settings.drainMs)
    const { url, port, mode, tidings } = server
    return { isUp: true, url, port, mode, durability: tidings.log.durability }
  } catch (error) {
    return { isUp: false, ...failureOf(explainStart(error, order.settings)) }
  }
}

async function partOf({ worker, crew, isServed }: WorkerOrder): Promise<WorkerPart> {
  const turn = () => channel.ask<void>(turnQuestion, null)
  if (!isServed) return { worker, crew, turn }
  return {
    worker,
    crew,
    turn,
    log: await openWorkerLog(channel),
    peers: new Correspondence((id, take) => new WorkerPost(channel, id, take)),
    tickets: new WorkerTickets(channel),
  }
}

function live(server: RunningServer, drainMs: number): void {
  const { logger } = server
  isLive = true
  watchOver(server)
  channel.hear(renewWord, () => void server.renewCertificate?.())
  // Also by itself, when somebody wants to exchange this one worker: it is started again.
  let isClosing = false
  const close = async (): Promise<void> => {
    if (isClosing) return
    isClosing = true
    await closeInTime(logger, drainMs, () => server.close())
    process.exit(exitCode.ok)
  }
  channel.hear(closeWord, close)
  // Terminals and systemd send their signals to all processes, and the first of these says when it has had enough.
  process.on('SIGTERM', close).on('SIGINT', close)
  void channel.ended.then(() => {
    logger.fatal('the process that has started this worker is gone; the worker ends')
    void server.tidings.drain({ drainMs: lastWordsMs / 2 })
    setTimeout(() => process.exit(exitCode.internal), lastWordsMs)
  })
}
