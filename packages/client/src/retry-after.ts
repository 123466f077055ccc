/** Reads `Retry-After`, seconds or a date, as milliseconds from now; `undefined` if the answer has none. */
export function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  // The server's clock, where it can be read: many a device's own is wrong by minutes.
  const nowMs = Date.parse(headers.get('date') ?? '') || Date.now()
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
