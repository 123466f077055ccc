/** How waits grow from one failed attempt to the next, in milliseconds. */
export interface Backoff {
  readonly firstMs: number
  readonly mostMs: number
}

/**
 * The wait after a number of failures in a row, with full jitter: anything up to a bound that doubles, so that
 * clients which failed together do not come back together.
 * @param random from 0 to 1.
 */
export function waitAfter(failures: number, { firstMs, mostMs }: Backoff, random: number): number {
  return random * Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30))
}

/** What a Retry-After header asks for, in milliseconds; 0 if it says nothing that we understand. */
export function retryAfterMs(header: string | null): number {
  const mostMs = 300_000
  return header !== null && /^\d{1,6}$/.test(header) ? Math.min(Number(header) * 1_000, mostMs) : 0
}
