import { setTimeout as pause } from 'node:timers/promises'

/** How long to wait, and how often to look, in milliseconds. */
export interface Patience {
  readonly timeoutMs?: number
  readonly everyMs?: number
}

/**
 * Waits until something holds, looking again and again, and returns it.
 * @param what completes the sentence "waited for …"; a function is asked when the time is up.
 * @throws Error when the time is up, with the last error that looking threw.
 */
export async function until<Found>(
  what: string | (() => string),
  look: () => Found | Promise<Found>,
  { timeoutMs = 30_000, everyMs = 10 }: Patience = {},
): Promise<Exclude<Found, false | undefined | null>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const { found, cause } = await lookOnce(look)
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<Found, false | undefined | null>
    }
    if (performance.now() > deadline) {
      throw new Error(waited(timeoutMs, what), { cause })
    }
    await pause(everyMs)
  }
}

function waited(timeoutMs: number, what: string | (() => string)): string {
  return `Waited ${timeoutMs} ms for ${typeof what === 'string' ? what : what()}.`
}

async function lookOnce<Found>(
  look: () => Found | Promise<Found>,
): Promise<{ found?: Found; cause?: unknown }> {
  try {
    return { found: await look() }
  } catch (cause) {
    return { cause }
  }
}

/**
 * Resolves with a promise's value, or rejects when the time is up.
 * @param what completes the sentence "waited for …"; a function is asked when the time is up.
 */
export async function within<Value>(
  what: string | (() => string),
  timeoutMs: number,
  promise: Promise<Value>,
): Promise<Value> {
  const timer = Promise.withResolvers<never>()
  const handle = setTimeout(() => timer.reject(new Error(waited(timeoutMs, what))), timeoutMs)
  try {
    return await Promise.race([promise, timer.promise])
  } finally {
    clearTimeout(handle)
  }
}
