import { firstPauseMs, longestPauseMs, timerMs } from '../bounds.ts'

/** How long to wait before a try, all in milliseconds. */
export interface BackoffOptions {
  /** Which try in a row this is, from 1. */
  readonly attempt: number
  /** What the server asked for: a goodbye's `retryMs`, Retry-After, or else the stream's last `retry:`. */
  readonly adviceMs: number
  /** From 0 to below 1. */
  readonly random: number
}

/**
 * The server's word first; on top of it a random part of a window that doubles with each try (full jitter): clients
 * that were cut together do not come back together.
 */
export function backoff({ attempt, adviceMs, random }: BackoffOptions): number {
  const window = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1))
  return Math.min(timerMs, Math.round(adviceMs + random * window))
}
