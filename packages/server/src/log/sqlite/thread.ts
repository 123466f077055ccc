import { Worker } from 'node:worker_threads'
import type { Failure, ThreadData } from './messages.ts'

/** What crosses between the threads: a numbered request, and its answer or failure. */
export interface Envelope<Request> {
  readonly id: number
  readonly request: Request
}

export type Reply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: Failure }
  /** The first one: whether the thread could open the file. */
  | { readonly id: 0; readonly refused: string }

/** A request failed in its thread. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure'
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/** The thread has ended, or is about to: what is asked now it will not answer. */
export class ThreadClosed extends Error {
  override readonly name = 'ThreadClosed'
}

/** The file was refused when the thread opened it. */
export class ThreadRefused extends Error {
  override readonly name = 'ThreadRefused'
}

interface Waiting {
  resolve(answer: never): void
  reject(error: Error): void
}

/** A worker thread that answers requests in the order in which they come. */
export class Thread<Request extends { readonly kind: string }, Answers> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #onDeath: (error: Error) => void
  #lastId = 0
  #isClosing = false

  /**
   * @param script beside this file, without its extension: it is TypeScript when run from source.
   * @param onDeath called once if the thread ends without having been asked to.
   */
  constructor(script: 'writer' | 'reader', data: ThreadData, onDeath: (error: Error) => void) {
    const isSource = import.meta.url.endsWith('.ts')
    this.#onDeath = onDeath
    this.#worker = new Worker(new URL(`./${script}.${isSource ? 'ts' : 'js'}`, import.meta.url), {
      workerData: data,
      name: `tidings-${script}`,
      // SQLite is still announced as new at each start; nobody who reads the server's log needs to know.
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        ...(isSource ? ['--conditions=tidings-source'] : []),
      ],
    })
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    this.#worker.on('error', (error) => this.#die(error as Error))
    this.#worker.on('exit', () => this.#die(new Error(`the ${script} thread ended`)))
  }

  /** Resolves with the thread's first answer, when it has opened the file. */
  opened<Opened>(): Promise<Opened> {
    return this.#promise(0)
  }

  ask<Kind extends Request['kind'] & keyof Answers>(
    request: Extract<Request, { readonly kind: Kind }>,
  ): Promise<Answers[Kind]> {
    if (this.#isClosing) return Promise.reject(new ThreadClosed())
    const id = ++this.#lastId
    const answer = this.#promise<Answers[Kind]>(id)
    this.#worker.postMessage({ id, request } satisfies Envelope<Request>)
    return answer
  }

  /** Lets the thread finish what it was asked before, and ends it. */
  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    const id = ++this.#lastId
    const done = this.#promise<undefined>(id)
    this.#worker.postMessage({ id, request: { kind: 'close' } })
    try {
      await done
    } finally {
      await this.#worker.terminate()
    }
  }

  /** Ends the thread at once; what it was asked is rejected. */
  async abort(): Promise<void> {
    this.#isClosing = true
    this.#rejectAll(new ThreadClosed())
    await this.#worker.terminate()
  }

  #promise<Answer>(id: number): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (waiting === undefined) return
    if ('answer' in reply) waiting.resolve(reply.answer as never)
    else if ('failure' in reply) waiting.reject(new ThreadFailure(reply.failure))
    else {
      // Nothing was opened, so nothing is left to close.
      this.#isClosing = true
      waiting.reject(new ThreadRefused(reply.refused))
    }
  }

  #die(error: Error): void {
    const isExpected = this.#isClosing
    this.#isClosing = true
    this.#rejectAll(error)
    if (!isExpected) this.#onDeath(error)
  }

  #rejectAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
