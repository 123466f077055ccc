/** How long to wait before a try, all in milliseconds. */
export interface BackoffOptions {
  /** Which try in a row this is, from 1. */
  readonly attempt: number
  /** What the server asked for: a goodbye's `retryMs`, Retry-After, or else the stream's last `retry:`. */
  readonly adviceMs: number
  /** From 0 to below 1. */
  readonly random: number
}

/** The first pause is at most this long, each further one at most twice as long. */
export const firstPauseMs = 1_000

/** No pause of our own is longer: a server that is back is found within this time. */
export const longestPauseMs = 30_000

/** Beyond this a timer would fire at once. */
const timerMs = 2 ** 31 - 1

/**
 * The server's word first; on top of it a random part of a window that doubles with each try (full jitter): clients
 * that were cut together do not come back together.
 */
export function backoff({ attempt, adviceMs, random }: BackoffOptions): number {
  const window = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1))
  return Math.min(timerMs, Math.round(adviceMs + random * window))
}
