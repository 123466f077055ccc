import { describeFailure, isPassing, parseObject, type Refusal, readRefusal } from './answer.ts'
import { retryAfterMs, waitAfter } from './backoff.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import type { ServerAddress } from './server-address.ts'

/** What became of a publish. */
export type Outcome =
  | { readonly kind: 'stored'; readonly ids: readonly string[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** How to publish. */
export interface Publishing {
  readonly address: ServerAddress
  /** How long a server that does not answer is tried, in milliseconds, for each publish. */
  readonly retryForMs: number
  /** Called when trouble begins and when it is over. */
  onNotice(text: string): void
}

interface Trouble {
  readonly kind: 'trouble'
  readonly why: string
  /** Whether the events may have been stored all the same. */
  readonly isUncertain: boolean
  readonly leastWaitMs: number
}

/** Failures and answers after which nothing was stored. */
const surelyNotStored: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'draining',
  'overloaded',
  'storage_full',
])

/** Beyond this an attempt is given up and repeated. Longer than a server that is alive ever takes. */
const answerWithinMs = 30_000
const backoff = { firstMs: 200, mostMs: 10_000 }

/** Publishes, one after the other, and tries again for as long as that may help. */
export class Publisher {
  readonly #publishing: Publishing
  readonly #url: URL
  #deadline = Number.POSITIVE_INFINITY
  #finishBy = Number.POSITIVE_INFINITY
  #interrupt = () => {}

  constructor(publishing: Publishing) {
    this.#publishing = publishing
    this.#url = new URL('api/events', publishing.address.base)
  }

  /** From now on, what is not published within this time is given up. What waits is tried at once. */
  finishWithin(milliseconds: number): void {
    this.#finishBy = performance.now() + milliseconds
    this.#deadline = Math.min(this.#deadline, this.#finishBy)
    this.#interrupt()
  }

  /**
   * Publishes a body of JSON under an idempotency key, which makes it safe to repeat: whatever happens on the
   * way, it is stored once.
   * @throws CliError if the server does not answer for too long.
   */
  async publish(body: string, idempotencyKey: string): Promise<Outcome> {
    this.#deadline = Math.min(performance.now() + this.#publishing.retryForMs, this.#finishBy)
    let isUncertain = false
    for (let failures = 0; ; ) {
      const result = await this.#attempt(body, idempotencyKey)
      if (result.kind !== 'trouble') {
        if (result.kind === 'refused' && isUncertain) throw this.#uncertain(result.refusal)
        if (failures > 0) this.#publishing.onNotice('published; going on')
        return result
      }
      isUncertain ||= result.isUncertain
      if (failures++ === 0) this.#begins(result.why)
      await this.#wait(failures, result)
    }
  }

  async #attempt(body: string, idempotencyKey: string): Promise<Outcome | Trouble> {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), answerWithinMs)
    const own = this.#publishing.address.headers
    const headers = { ...own, 'content-type': 'application/json', 'idempotency-key': idempotencyKey }
    // On the way out only the time that is left counts.
    let last: NodeJS.Timeout | undefined
    this.#interrupt = () => {
      last = setTimeout(() => controller.abort(), this.#deadline - performance.now())
    }
    if (Number.isFinite(this.#finishBy)) this.#interrupt()
    try {
      const request = {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: controller.signal,
      } as const
      const response = await fetch(this.#url, request)
      return this.#judge(response, await response.text())
    } catch (error) {
      if (error instanceof CliError) throw error
      const why = describeFailure(error)
      return { kind: 'trouble', why, isUncertain: !surelyNotStored.has(why), leastWaitMs: 0 }
    } finally {
      clearTimeout(timer)
      clearTimeout(last)
    }
  }

  #judge(response: Response, body: string): Outcome | Trouble {
    if (response.status === 200 || response.status === 201) {
      const { ids } = parseObject(body)
      if (Array.isArray(ids)) return { kind: 'stored', ids: ids.map(String) }
      throw new CliError(exitCode.refused, `${this.#url.href} is no Tidings; is --url right?`)
    }
    const refusal = readRefusal(response, body)
    if (!isPassing(response.status)) return { kind: 'refused', refusal }
    const leastWaitMs = retryAfterMs(response.headers.get('retry-after'))
    const isUncertain = refusal.status >= 500 && !surelyNotStored.has(refusal.code)
    return { kind: 'trouble', why: refusal.detail, isUncertain, leastWaitMs }
  }

  #begins(why: string): void {
    if (this.#publishing.retryForMs > 0) {
      this.#publishing.onNotice(
        `${this.#publishing.address.base.href} does not take events (${why}); trying again`,
      )
    }
  }

  async #wait(failures: number, { why, leastWaitMs }: Trouble): Promise<void> {
    const wait = Math.max(leastWaitMs, waitAfter(failures, backoff, Math.random()))
    const left = this.#deadline - performance.now()
    if (left <= 0) {
      throw new CliError(
        exitCode.unavailable,
        `${this.#publishing.address.base.href} does not take events (${why})`,
      )
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(wait, left))
      this.#interrupt = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** An attempt before may have been stored: cutting the events into other batches could store them twice. */
  #uncertain({ detail }: Refusal): CliError {
    return new CliError(
      exitCode.refused,
      `the server refuses events (${detail}) that it may have taken in an attempt whose answer was lost; ` +
        'see with "tidings tail --last" which is so',
    )
  }
}
