import { serialize } from 'node:v8'
import { TopicSet } from '@tidings/protocol'
import type { Channel } from '../../channel/channel.ts'
import type { Batch, EventLog, Selection, Tail } from '../event-log.ts'
import { plainBatch, plainPage } from './columns.ts'
import {
  type LogAnswers,
  type LogRequest,
  logBatch,
  logFailure,
  logQuestion,
  type PlainSelection,
} from './messages.ts'

/** Bytes of batches that may wait for a worker which does not read: then it hangs, and is better ended. */
const waitingBytes = 32 * 1024 * 1024

/** A worker that is served. */
interface Served {
  readonly channel: Channel
  readonly onStuck: () => void
  /** Bytes that have not left this process yet. */
  waiting: number
}

/** The process that owns a log, and serves it to workers. Who owns it also trims and closes it. */
export class LogOwner {
  readonly #log: EventLog
  readonly #served = new Set<Served>()
  #tail: Tail | undefined

  static async open(log: EventLog): Promise<LogOwner> {
    const owner = new LogOwner(log)
    owner.#tail = await log.tail((batch) => owner.#show(batch))
    return owner
  }

  private constructor(log: EventLog) {
    this.#log = log
    void log.failed.then(({ message }) => {
      for (const { channel } of this.#served) channel.tell(logFailure, message)
    })
  }

  /**
   * Serves the log to one more worker, until its channel ends.
   * @param onStuck called when it does not take what it is sent.
   */
  serve(channel: Channel, onStuck: () => void): void {
    channel.answer(logQuestion, (request: LogRequest) => this.#answer(request, channel, onStuck))
  }

  /** Sends no more batches. */
  close(): void {
    this.#tail?.stop()
    this.#served.clear()
  }

  async #answer(
    request: LogRequest,
    channel: Channel,
    onStuck: () => void,
  ): Promise<LogAnswers[LogRequest['kind']]> {
    const log = this.#log
    switch (request.kind) {
      case 'open':
        return this.#open(channel, onStuck)
      case 'append':
        return log.append(request.events, request.options)
      case 'read': {
        const { after, limit, upTo } = request
        const query = { selection: selectionOf(request.selection), after, limit }
        return plainPage(await log.read(upTo === undefined ? query : { ...query, upTo }))
      }
      case 'readBack': {
        const { before, limit } = request
        const query = { selection: selectionOf(request.selection), limit }
        return plainPage(await log.readBack(before === undefined ? query : { ...query, before }))
      }
      case 'stand':
        return log.stand(request.cursor)
      case 'bounds':
        return log.bounds()
      case 'trim':
        return log.trim(request.retention, request.now)
      case 'rotate':
        return log.rotate()
    }
  }

  /** The head goes out before any batch after it: both in one turn, on one channel. */
  async #open(channel: Channel, onStuck: () => void): Promise<LogAnswers['open']> {
    const served: Served = { channel, onStuck, waiting: 0 }
    const early: Batch[] = []
    const tail = await this.#log.tail((batch) => early.push(batch))
    const { durability, health } = this.#log
    setImmediate(() => {
      tail.stop()
      for (const batch of early) this.#send([served], batch)
      this.#served.add(served)
    })
    void channel.ended.then(() => this.#served.delete(served))
    return { head: tail.head, durability, health }
  }

  #show(batch: Batch): void {
    if (this.#served.size > 0) this.#send(this.#served, batch)
  }

  /** Made into bytes once, whoever takes them. */
  #send(served: Iterable<Served>, batch: Batch): void {
    const bytes = serialize(plainBatch(batch))
    for (const one of served) {
      // What waits already says that it does not read: one commit alone may be larger.
      if (one.waiting > waitingBytes) {
        this.#served.delete(one)
        one.onStuck()
        continue
      }
      one.waiting += bytes.length
      one.channel.tell(logBatch, bytes, () => {
        one.waiting -= bytes.length
      })
    }
  }
}

function selectionOf({ patterns, types }: PlainSelection): Selection {
  const topics = new TopicSet(patterns)
  return types === undefined ? { topics } : { topics, types }
}
