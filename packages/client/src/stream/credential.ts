import type { TokenRequest, TokenSource } from '../options.ts'
import { Failure, wordsOf } from './failure.ts'

/** The bearer token of a stream, if it has one. */
export class Credential {
  readonly #source: TokenSource | undefined
  /** The token that was last given. */
  current: string | undefined

  constructor(source: TokenSource | undefined) {
    this.#source = source
  }

  /** Whether another token can be had. */
  get canRenew(): boolean {
    return typeof this.#source === 'function'
  }

  /**
   * Asks for a token. A stream that was given a source never goes without one: an anonymous connection that happens to
   * work would show somebody else's view of the world.
   * @throws Failure
   */
  async ask(reason: TokenRequest['reason'], signal: AbortSignal): Promise<string | undefined> {
    const source = this.#source
    if (source === undefined) return undefined
    let token: string | undefined
    try {
      token = typeof source === 'function' ? await source({ reason, signal }) : source
    } catch (error) {
      throw new Failure({ code: 'token', message: `token() failed: ${wordsOf(error)}` })
    }
    if (!token) {
      const message =
        'token() gave none, and a stream that has a token never connects without. Then reconnect().'
      throw new Failure({ code: 'token', message }, { isFinal: true })
    }
    this.current = token
    return token
  }
}
