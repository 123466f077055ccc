import { createClient, ErrorReply, type RedisClientType } from '@redis/client'
import type { RedisAddress } from '../config/store-address.ts'
import { withRemedy } from './certificate-trouble.ts'
import { RedisRefusal, RedisUnanswered, RedisUnavailable } from './redis-error.ts'
import type { Script } from './script.ts'

/** A connection of the client, RESP 2: answers are strings, numbers, null and arrays of them. */
export type RedisConnection = RedisClientType

/** How a link is kept up. */
export interface RedisLinkOptions {
  /**
   * What is done with every new connection before anything else: whoever throws here refuses it, and another is made.
   * Subscriptions belong here too.
   */
  readonly welcome?: (connection: RedisConnection) => Promise<void>
  /** Called whenever a connection is welcome. */
  readonly onUp?: () => void
  /** Called when a connection has ended, or none could be made. */
  readonly onDown?: (reason: Error) => void
}

/** How long one command may take, in milliseconds: after it nobody knows whether the connection is alive. */
const answerMs = 5_000

/** How long to wait for a connection, in milliseconds. */
const connectMs = 3_000

/** The first wait before another try, and the longest, in milliseconds; each is spread from half of it to all. */
const firstWaitMs = 50
const longestWaitMs = 2_000

/** One connection to Redis that is made again whenever it ends, until it is closed. Nothing is queued meanwhile. */
export class RedisLink {
  readonly #address: RedisAddress
  readonly #options: RedisLinkOptions
  #connection: RedisConnection | undefined
  #isUp = false
  #isClosed = false
  #closing = Promise.withResolvers<void>()
  #running: Promise<void> | undefined

  constructor(address: RedisAddress, options: RedisLinkOptions = {}) {
    this.#address = address
    this.#options = options
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Begins to connect, and goes on until `close`. */
  start(): void {
    this.#running ??= this.#run()
  }

  /**
   * Sends one command.
   * @throws RedisUnavailable if nothing was sent, RedisUnanswered if no answer came, RedisRefusal if it was no.
   */
  send<Reply>(args: readonly string[], timeoutMs = answerMs): Promise<Reply> {
    const connection = this.#connection
    if (connection === undefined || !this.#isUp || !connection.isReady) {
      return Promise.reject(new RedisUnavailable(`there is no connection to ${this.#address.shown}`))
    }
    return this.#sendOn(connection, args, timeoutMs)
  }

  /** Runs a script, which is sent whole when Redis does not know it. Throws as `send` does. */
  async run<Reply>(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.send<Reply>(['EVALSHA', script.digest, ...rest])
    } catch (error) {
      if (!(error instanceof RedisRefusal && error.code === 'NOSCRIPT')) throw error
      return await this.send<Reply>(['EVAL', script.text, ...rest])
    }
  }

  /** Gives the connection up, and makes another. */
  cut(reason: Error): void {
    const connection = this.#connection
    if (connection !== undefined) this.#drop(connection, reason)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#closing.resolve()
    this.cut(new RedisUnavailable('the link is closed'))
    await this.#running
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosed; ) {
      const connection = this.#create()
      const ended = new Promise<Error>((resolve) => {
        connection.on('error', resolve)
        connection.on('end', () => resolve(new Error('Redis has closed the connection')))
      })
      this.#connection = connection
      try {
        await raced(connection.connect(), ended, connectMs)
        await raced(this.#options.welcome?.(connection) ?? Promise.resolve(), ended, answerMs)
        if (this.#isClosed) throw new Error('the link is closed')
        failures = 0
        this.#isUp = true
        this.#options.onUp?.()
        const reason = await ended
        this.#drop(connection, reason)
      } catch (error) {
        this.#drop(connection, error as Error)
        failures++
      }
      if (!this.#isClosed) await this.#pause(failures)
    }
  }

  #create(): RedisConnection {
    return createClient({
      url: this.#address.url,
      RESP: 2,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      // This link does it: so that whatever must come first comes first on every connection.
      socket: { reconnectStrategy: false, connectTimeout: connectMs, noDelay: true, keepAlive: true },
    }) as unknown as RedisConnection
  }

  async #sendOn<Reply>(
    connection: RedisConnection,
    args: readonly string[],
    timeoutMs: number,
  ): Promise<Reply> {
    const overdue = setTimeout(() => {
      this.#drop(connection, new Error(`Redis has not answered for ${timeoutMs} ms`))
    }, timeoutMs)
    try {
      return (await connection.sendCommand(args as string[])) as Reply
    } catch (error) {
      if (error instanceof ErrorReply) throw new RedisRefusal(error.message, { cause: error })
      throw new RedisUnanswered(`Redis did not answer: ${(error as Error).message}`, { cause: error })
    } finally {
      clearTimeout(overdue)
    }
  }

  #drop(connection: RedisConnection, reason: Error): void {
    if (connection.isOpen) connection.destroy()
    if (connection !== this.#connection) return
    this.#connection = undefined
    this.#isUp = false
    if (!this.#isClosed) this.#options.onDown?.(withRemedy(reason))
    // Whoever waits for the end of this connection, which destroying it does not announce.
    connection.emit('end')
  }

  async #pause(failures: number): Promise<void> {
    const longest = Math.min(firstWaitMs * 2 ** failures, longestWaitMs)
    let timer: NodeJS.Timeout | undefined
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2))
    })
    await Promise.race([elapsed, this.#closing.promise])
    clearTimeout(timer)
  }
}

/** What a promise gives, unless the connection ends first, or it takes too long. */
async function raced<Value>(promise: Promise<Value>, ended: Promise<Error>, ms: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis has not answered for ${ms} ms`)), ms)
  })
  const over = ended.then((error) => Promise.reject(error))
  over.catch(() => {})
  promise.catch(() => {})
  try {
    return await Promise.race([promise, over, late])
  } finally {
    clearTimeout(timer)
  }
}
