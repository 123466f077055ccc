import { TidingsError } from '@tidings/protocol'
import type { RedisAddress } from '../../config/store-address.ts'
import type { StoreNotice } from '../../log/event-log.ts'
import { refusalOfRead, refusalOfStore, refusalOfWrite, wantsAnother } from '../../log/redis/refusal.ts'
import { storageUnavailable } from '../../log/refusals.ts'
import { RedisUnavailable } from '../../redis/redis-error.ts'
import { type RedisConnection, RedisLink } from '../../redis/redis-link.ts'
import type { Script } from '../../redis/script.ts'

/** How a connection is made. */
export interface AuthLinkOptions {
  /** How long to wait for Redis, in milliseconds; for ever, if absent. */
  readonly patienceMs?: number | undefined
  /** Told why Redis is waited for. */
  readonly onNotice?: ((notice: StoreNotice) => void) | undefined
}

/** The connection by which keys, revocations and tickets are looked up and written: one a process, beside the log's. */
export class AuthLink {
  /** With it every key of the log begins. */
  readonly prefix: string
  readonly #link: RedisLink
  readonly #up = Promise.withResolvers<void>()
  readonly #notify: (notice: StoreNotice) => void
  #whyDown = ''
  #isOpen = false

  /**
   * Connects, and waits until Redis is there.
   * @throws StoreRefused if Redis lets nobody in, TidingsError `storage_unavailable` if it is not there in time.
   */
  static async open(address: RedisAddress, options: AuthLinkOptions): Promise<AuthLink> {
    const link = new AuthLink(address, options)
    const { patienceMs } = options
    const giveUp = () => link.#up.reject(storageUnavailable(new Error(link.#whyDown)))
    const timer = patienceMs === undefined ? undefined : setTimeout(giveUp, patienceMs)
    try {
      await link.#up.promise
      return link
    } catch (error) {
      await link.close()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  private constructor(address: RedisAddress, { onNotice = () => {} }: AuthLinkOptions) {
    this.prefix = address.prefix
    this.#notify = onNotice
    this.#whyDown = `Redis at ${address.shown} does not answer`
    this.#link = new RedisLink(address, {
      welcome: (connection) => check(connection, address),
      onUp: () => {
        this.#isOpen = true
        this.#up.resolve()
      },
      onDown: (reason) => this.#onDown(reason, address.shown),
    })
    this.#link.start()
  }

  /** @throws TidingsError `storage_unavailable` */
  read<Reply>(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    return this.#run(script, keys, args, refusalOfRead)
  }

  /** @throws TidingsError `storage_unavailable`, `storage_full`, or `storage_unanswered` if it may have been done. */
  write<Reply>(script: Script, keys: readonly string[], args: readonly string[]): Promise<Reply> {
    return this.#run(script, keys, args, refusalOf)
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  async #run<Reply>(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    refusal: (error: Error) => TidingsError,
  ): Promise<Reply> {
    try {
      return await this.#link.run<Reply>(script, keys, args)
    } catch (error) {
      if (wantsAnother(error)) this.#link.cut(error as Error)
      throw refusal(error instanceof RedisUnavailable ? new Error(this.#whyDown) : (error as Error))
    }
  }

  #onDown(reason: Error, shown: string): void {
    const before = this.#whyDown
    this.#whyDown = `Redis at ${shown} cannot be reached: ${reason.message}`
    // Later the log says it.
    if (!this.#isOpen && before !== this.#whyDown) {
      this.#notify({ level: 'warn', message: `${this.#whyDown}; trying again` })
    }
    const refusal = refusalOfStore(reason, shown)
    if (refusal !== undefined) this.#up.reject(refusal)
  }
}

/**
 * A replica answers too, with what was true a while ago, and takes no revocation; and one that is loading its data says
 * what it is, but not what it holds.
 */
async function check(connection: RedisConnection, { prefix }: RedisAddress): Promise<void> {
  const [role] = (await connection.sendCommand(['ROLE'])) as unknown as [string]
  if (role !== 'master') throw new Error('it is a replica')
  await connection.sendCommand(['EXISTS', `${prefix}auth:version`])
}

/** Here there is no key under which a write could be sent again. */
function refusalOf(error: Error): TidingsError {
  const refusal = refusalOfWrite(error)
  if (refusal.code !== 'storage_unanswered') return refusal
  const message = `${error.message}. Whether it was done is not known; do it again.`
  return new TidingsError('storage_unanswered', message, { cause: error })
}
