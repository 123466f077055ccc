import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Channel } from '../../channel/channel.ts'
import {
  closeWord,
  pulseQuestion,
  renewWord,
  startQuestion,
  turnQuestion,
  type WorkerOrder,
  type WorkerStart,
} from './messages.ts'

/** How a process ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How often a worker is asked whether it still answers, in milliseconds. */
const pulseMs = 2_000

/**
 * So many questions without an answer: it hangs, while the system goes on handing it connections. Counted rather than
 * timed, so that a machine that was asleep does not wake up to kill all its workers.
 */
const missedPulses = 5

const program = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url),
)

/** One worker, seen from the process that has started it. */
export class WorkerProcess {
  readonly number: number
  readonly channel: Channel
  /** How it ended, when it has. */
  readonly ended: Promise<End>
  readonly #child: ChildProcess

  /** @param turn resolves when it is to listen. */
  constructor(number: number, turn: () => Promise<void>) {
    this.number = number
    this.#child = fork(program, { serialization: 'advanced' })
    this.channel = new Channel(this.#child)
    this.channel.answer(turnQuestion, turn)
    this.ended = once(this.#child, 'exit').then(([code, signal]) => ({ code, signal }) as End)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /**
   * Starts its server.
   * @throws ChannelClosed if it ends before it says how that went.
   */
  start(order: Omit<WorkerOrder, 'worker'>): Promise<WorkerStart> {
    return this.channel.ask(startQuestion, { ...order, worker: this.number } satisfies WorkerOrder)
  }

  /** Watches over it, until it ends. @param onHung called once, if it does not answer any more. */
  watch(onHung: () => void): void {
    let missed = 0
    const timer = setInterval(() => {
      if (missed++ === missedPulses) onHung()
      this.channel.ask(pulseQuestion, null).then(
        () => {
          missed = 0
        },
        // It has ended, and that is seen elsewhere.
        () => {},
      )
    }, pulseMs)
    void this.ended.then(() => clearInterval(timer))
  }

  /** Tells it to end in order. */
  close(): void {
    this.channel.tell(closeWord, undefined)
  }

  renewCertificate(): void {
    this.channel.tell(renewWord, undefined)
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
