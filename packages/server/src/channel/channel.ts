import { type ProblemCode, TidingsError } from '@tidings/protocol'

/** One end of Node's channel between a process and one that it has started: the child here, `process` there. */
export interface ChannelEnd {
  readonly connected: boolean
  send?(
    message: object,
    handle: undefined,
    options: undefined,
    onSent: (error: Error | null) => void,
  ): boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}

/** How a question of the other end is answered; what is thrown, the other end is told. */
export type Answering = (question: never) => unknown

type Envelope =
  | { readonly kind: string; readonly body: unknown; readonly id?: number }
  | { readonly answerTo: number; readonly answer: unknown }
  | { readonly answerTo: number; readonly error: PlainError }

/** An error as it crosses: of the closed set, if it has a code. */
interface PlainError {
  readonly message: string
  readonly code?: ProblemCode
  readonly field?: string | undefined
}

interface Waiting {
  resolve(answer: never): void
  reject(error: Error): void
}

/** The other end is gone: what it was asked it will not answer. */
export class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed'

  constructor() {
    super('the process at the other end has ended')
  }
}

/**
 * Words and questions between a process and one that it has started, in order. What crosses is cloned, so that
 * maps, sets and bytes stay what they are (`serialization: 'advanced'`).
 */
export class Channel {
  /** Resolves when the other end is gone, or has let go. */
  readonly ended: Promise<void>
  readonly #end: ChannelEnd
  readonly #listeners = new Map<string, (body: never) => void>()
  readonly #answerings = new Map<string, Answering>()
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(end: ChannelEnd) {
    this.#end = end
    end.on('message', (message) => this.#take(message as Envelope))
    this.ended = new Promise((resolve) => {
      end.on('disconnect', () => {
        for (const { reject } of this.#waiting.values()) reject(new ChannelClosed())
        this.#waiting.clear()
        resolve()
      })
    })
  }

  /**
   * Tells the other end something. What it never hears, because it is gone, is lost.
   * @param onSent called when this no longer waits in this process.
   */
  tell(kind: string, body: unknown, onSent?: () => void): void {
    this.#send({ kind, body }, onSent)
  }

  /** Says what is done with what the other end tells. */
  hear<Body>(kind: string, listener: (body: Body) => void): void {
    this.#listeners.set(kind, listener)
  }

  /**
   * Asks the other end.
   * @throws ChannelClosed if it is gone; TidingsError or Error as it was thrown there.
   */
  ask<Answer>(kind: string, body: unknown): Promise<Answer> {
    if (!this.#end.connected) return Promise.reject(new ChannelClosed())
    const id = ++this.#lastId
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#send({ kind, body, id })
    return answer
  }

  /** Says how questions of a kind are answered here. */
  answer(kind: string, answering: Answering): void {
    this.#answerings.set(kind, answering)
  }

  #send(envelope: Envelope, onSent: () => void = () => {}): void {
    // With a callback a channel that has just been closed is no error of its own: `disconnect` says so.
    if (this.#end.connected) this.#end.send!(envelope, undefined, undefined, onSent)
    else onSent()
  }

  #take(envelope: Envelope): void {
    if ('answerTo' in envelope) this.#settle(envelope)
    else if (envelope.id === undefined) this.#listeners.get(envelope.kind)?.(envelope.body as never)
    else void this.#reply(envelope.kind, envelope.body, envelope.id)
  }

  #settle(envelope: Extract<Envelope, { answerTo: number }>): void {
    const waiting = this.#waiting.get(envelope.answerTo)
    this.#waiting.delete(envelope.answerTo)
    if ('error' in envelope) waiting?.reject(revived(envelope.error))
    else waiting?.resolve(envelope.answer as never)
  }

  async #reply(kind: string, body: unknown, answerTo: number): Promise<void> {
    try {
      const answering = this.#answerings.get(kind)
      if (answering === undefined) throw new Error(`nobody answers "${kind}" here`)
      this.#send({ answerTo, answer: await answering(body as never) })
    } catch (error) {
      this.#send({ answerTo, error: plain(error as Error) })
    }
  }
}

function plain(error: Error): PlainError {
  if (!(error instanceof TidingsError)) return { message: error.message }
  return { message: error.message, code: error.code, field: error.field }
}

function revived({ message, code, field }: PlainError): Error {
  if (code === undefined) return new Error(message)
  return new TidingsError(code, message, field === undefined ? {} : { field })
}
