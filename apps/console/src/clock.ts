const time = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
const shortTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const dayMs = 86_400_000

/** A moment as the reader's wall clock shows it; with the date, if it was more than a day ago. */
export function formatMoment(atMs: number): string {
  return (Math.abs(Date.now() - atMs) < dayMs ? time : dayAndTime).format(atMs)
}

/** Hours, minutes and seconds. */
export function formatTime(atMs: number): string {
  return time.format(atMs)
}

/** Hours and minutes. */
export function formatShortTime(atMs: number): string {
  return shortTime.format(atMs)
}

/** A length of time in words, e.g. `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 1) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.floor(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Milliseconds since 1970 of an ISO time or of such a number, or `fallback` for anything else. */
export function readTime(value: unknown, fallback: number): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? fallback : at
}
