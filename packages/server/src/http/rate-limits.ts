import { TidingsError } from '@tidings/protocol'
import type { Access } from '../auth/access.ts'

/** Publishes a second, of one caller. */
export interface RateLimitOptions {
  readonly maxPublishesPerKey: number
  readonly maxPublishesPerUser: number
}

/** A caller publishes more than they may. */
export class RateLimited extends TidingsError {
  /** Publishes a second. */
  readonly limit: number

  constructor(limit: number) {
    super(
      'rate_limited',
      `You may publish ${limit} times a second; slow down, or send several events at once.`,
    )
    this.limit = limit
  }

  /** What tells a client when to come back, after RFC 9110, 10.2.3, and the RateLimit fields of the IETF's draft. */
  get headers(): Readonly<Record<string, string>> {
    return {
      'retry-after': '1',
      'ratelimit-limit': String(this.limit),
      'ratelimit-remaining': '0',
      'ratelimit-reset': '1',
    }
  }
}

/** What one caller may still do. */
interface Bucket {
  left: number
  /** When it was filled last, in milliseconds. */
  at: number
}

/** Callers that are remembered of one second: more than publishes that one server could store in it. */
const maxBuckets = 100_000

const second = 1_000

/**
 * How often callers publish: a bucket for each, which fills evenly and holds a second's worth. A batch counts as one,
 * as one commit stores it.
 */
export class RateLimits {
  readonly #options: RateLimitOptions
  #recent = new Map<string, Bucket>()
  /** Of the second before. Whoever is in neither has been quiet for one, and has a full bucket like a newcomer. */
  #earlier = new Map<string, Bucket>()
  #turnedAt = Number.NEGATIVE_INFINITY

  constructor(options: RateLimitOptions) {
    this.#options = options
  }

  /** Callers that are remembered. */
  get size(): number {
    return this.#recent.size + this.#earlier.size
  }

  /** @throws RateLimited */
  take({ caller, user, credential }: Access, now = performance.now()): void {
    const { maxPublishesPerKey, maxPublishesPerUser } = this.#options
    if (user !== undefined) this.#takeFrom(caller, maxPublishesPerUser, now)
    else if (credential?.keyId !== undefined) this.#takeFrom(caller, maxPublishesPerKey, now)
  }

  #takeFrom(caller: string, limit: number, now: number): void {
    if (now - this.#turnedAt >= second || this.#recent.size >= maxBuckets) this.#turn(now)
    const bucket = this.#recent.get(caller) ?? this.#recall(caller, limit, now)
    bucket.left = Math.min(limit, bucket.left + ((now - bucket.at) * limit) / second)
    bucket.at = now
    if (bucket.left < 1) throw new RateLimited(limit)
    bucket.left -= 1
  }

  #recall(caller: string, limit: number, now: number): Bucket {
    const bucket = this.#earlier.get(caller) ?? { left: limit, at: now }
    this.#recent.set(caller, bucket)
    return bucket
  }

  /** Forgets without looking at each, so that no crowd of callers makes it slow, and without a timer. */
  #turn(now: number): void {
    const forgotten = this.#earlier
    this.#earlier = this.#recent
    this.#recent = forgotten
    forgotten.clear()
    this.#turnedAt = now
  }
}
