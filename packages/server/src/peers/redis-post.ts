import type { RedisAddress } from '../config/store-address.ts'
import type { StoreNotice } from '../observe/store-notice.ts'
import { isRefusedLogin } from '../redis/redis-error.ts'
import { RedisLink } from '../redis/redis-link.ts'
import { type Letter, type Post, readLetter, writeLetter } from './post.ts'

/** How often this process looks who else is there, and whether its own letters still arrive, in milliseconds. */
const lookEveryMs = 1_000

/** A process whose own letter has not come back for this long is not reached by others either, in milliseconds. */
const silenceMs = 3_000

/** How long a letter may take to Redis, in milliseconds. */
const sendMs = 2_000

/**
 * Letters over Redis' PUB/SUB: nothing is stored there, so that what they carry, credentials among it, lives no
 * longer than its way. Who is there is who is subscribed: a process that has died is not, and leaves no trace that
 * would have to be cleaned up. Without Redis nobody else is there.
 */
export class RedisPost implements Post {
  readonly #ownChannel: string
  readonly #allChannel: string
  readonly #channelOf: (id: string) => string
  readonly #receiver: RedisLink
  readonly #sender: RedisLink
  readonly #timer: NodeJS.Timeout
  #others = 0
  #hasComplained = false
  #heardAt = 0

  /**
   * @param take called with each letter that comes.
   * @param onNotice told, once, if Redis does not let this process listen.
   */
  constructor(
    address: RedisAddress,
    id: string,
    take: (letter: Letter) => void,
    onNotice: (notice: StoreNotice) => void = () => {},
  ) {
    // Channels are of all databases of a Redis, which keys are not.
    const database = new URL(address.url).pathname.slice(1) || '0'
    this.#channelOf = (id) => `${address.prefix}${database}:to:${id}`
    this.#ownChannel = this.#channelOf(id)
    this.#allChannel = this.#channelOf('all')
    const onLetter = (text: string, channel: string) => {
      if (text === echo) {
        // To all: somebody has come. To us alone: our own, on its way back.
        if (channel === this.#allChannel) void this.#count()
        else this.#heardAt = performance.now()
        return
      }
      const letter = readLetter(text)
      if (letter !== undefined) take(letter)
    }
    this.#sender = new RedisLink(address, { onUp: () => void this.#look(), onDown: () => this.#forget() })
    this.#receiver = new RedisLink(address, {
      welcome: (connection) => connection.subscribe([this.#ownChannel, this.#allChannel], onLetter),
      onUp: () => {
        this.#heardAt = performance.now()
        // Everybody, this process too, counts again.
        this.#publish(this.#allChannel, echo).catch(() => {})
      },
      onDown: (reason) => {
        this.#forget()
        if (!isRefusedLogin(reason) || this.#hasComplained) return
        this.#hasComplained = true
        const remedy = `let its user have the channels: ACL SETUSER … &${address.prefix}*`
        onNotice({
          level: 'warn',
          message: `Redis keeps the nodes from each other (${reason.message}); ${remedy}`,
        })
      },
    })
    this.#sender.start()
    this.#receiver.start()
    this.#timer = setInterval(() => void this.#look(), lookEveryMs).unref()
  }

  get others(): number {
    return this.#others
  }

  async send(to: string | undefined, letter: Letter): Promise<number> {
    const text = writeLetter(letter)
    try {
      if (to !== undefined) return await this.#publish(this.#channelOf(to), text)
      // One of them is this process.
      const reached = await this.#publish(this.#allChannel, text)
      return this.#receiver.isUp ? Math.max(0, reached - 1) : reached
    } catch {
      return 0
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([this.#receiver.close(), this.#sender.close()])
  }

  #publish(channel: string, text: string): Promise<number> {
    return this.#sender.send<number>(['PUBLISH', channel, text], sendMs)
  }

  async #look(): Promise<void> {
    if (this.#receiver.isUp && performance.now() - this.#heardAt > silenceMs) {
      this.#receiver.cut(new Error(`no letter has come for ${silenceMs} ms`))
    }
    await this.#publish(this.#ownChannel, echo).catch(() => {})
    await this.#count()
  }

  async #count(): Promise<void> {
    try {
      const [, subscribed] = await this.#sender.send<[string, number]>(['PUBSUB', 'NUMSUB', this.#allChannel])
      this.#others = Math.max(0, Number(subscribed) - (this.#receiver.isUp ? 1 : 0))
    } catch {
      this.#others = 0
    }
  }

  #forget(): void {
    this.#others = 0
  }
}

/** Says nothing but that letters arrive. */
const echo = 'echo'
