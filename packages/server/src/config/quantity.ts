/** A unit's name and its size in the base unit. Ordered from small to large; the first is the base itself. */
type Units = readonly (readonly [name: string, size: number])[]

const durations: Units = [
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]

const sizes: Units = [
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
]

/** Understood, though never written: thousands instead of 1,024s. */
const decimalSizes: Units = [
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
]

const form = /^(\d{1,16}(?:\.\d{1,9})?)\s*([A-Za-z]*)$/

/** Milliseconds from "15s", "1.5h", "250 ms" or a bare number of milliseconds; `undefined` if it is none. */
export function parseDuration(text: string): number | undefined {
  return parse(text, new Map(durations))
}

/** The shortest exact spelling: 90,000 is "90s", 60,000 is "1m". */
export function formatDuration(milliseconds: number): string {
  return format(milliseconds, durations)
}

/** Bytes from "64 MiB", "1GiB", "10MB" (thousands) or a bare number of bytes; `undefined` if it is none. */
export function parseSize(text: string): number | undefined {
  const anyCase = [...sizes, ...decimalSizes].map(([name, size]) => [name.toLowerCase(), size] as const)
  return parse(text.toLowerCase(), new Map(anyCase))
}

/** The shortest exact spelling: 65,536 is "64KiB", 65,537 is "65537B". */
export function formatSize(bytes: number): string {
  return format(bytes, sizes)
}

function parse(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const parts = form.exec(text.trim())
  if (parts === null) return undefined
  const unit = parts[2] === '' ? 1 : units.get(parts[2]!)
  if (unit === undefined) return undefined
  const exact = Number(parts[1]) * unit
  const whole = Math.round(exact)
  // 1.1h is 3960000.0000000005 in floating point and means 3,960,000; 0.5ms means nothing.
  const isWhole = Math.abs(exact - whole) <= whole * 1e-12
  return isWhole && Number.isSafeInteger(whole) ? whole : undefined
}

function format(value: number, units: Units): string {
  const [name, size] = units.findLast(([, size]) => value !== 0 && value % size === 0) ?? units[0]!
  return `${value / size}${name}`
}
