/** The first pause is at most this long, in milliseconds, and each later one at most twice the one before. */
const firstPauseMs = 250

/** No pause is longer than this, in milliseconds: a person waits. */
const longestPauseMs = 10_000

/** A server that asks to wait for longer than this, in milliseconds, is not asked again: the caller decides. */
export const longestRetryAfterMs = 60_000

/** Statuses after which the same request may succeed. After all of them the same `Idempotency-Key` stores once. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504])

/** Whether a request that was answered so is worth another try. */
export function isPassing(status: number): boolean {
  return passing.has(status)
}

/**
 * How long to wait before the next try, in milliseconds: somewhere from nothing to a bound that doubles, so that many
 * who failed together do not come back together. What the server asks for is waited for, and the jitter comes after.
 */
export function pauseMs(failures: number, retryAfterMs = 0): number {
  return retryAfterMs + Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1))
}

/** Waits. @throws the signal's reason as soon as it aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
