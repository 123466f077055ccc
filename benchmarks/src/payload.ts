/**
 * What every server is given to deliver: 60 bytes of JSON. A `~` stands once in each and nowhere else on the
 * wire, so that events are counted by looking for one byte; the stamp after it tells when the event was due.
 */
export function payload(dueMicros: number): string {
  return `{"~":${dueMicros},"text":"v2.3.1 deployed to production"}`
}

const marker = 0x7e
const digitZero = 0x30

/** From the marker to the stamp's first digit: `~":`. */
const stampOffset = 3

/** Digits of a time in microseconds, until the year 2286. */
const stampDigits = 16

/** The wall clock in whole microseconds since 1970, finer than `Date.now` and never going back. */
export function nowMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}

/** How many events begin in these bytes. */
export function countEvents(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(marker); at !== -1; at = bytes.indexOf(marker, at + 1)) count++
  return count
}

/**
 * Reads the stamps of the events in these bytes.
 * @returns where an event begins whose stamp is cut off, or the length if none is: what is left over
 *   belongs in front of the next bytes.
 */
export function readStamps(bytes: Buffer, onStamp: (dueMicros: number) => void): number {
  for (let at = bytes.indexOf(marker); at !== -1; at = bytes.indexOf(marker, at + 1)) {
    const from = at + stampOffset
    if (from + stampDigits > bytes.length) return at
    let stamp = 0
    for (let digit = from; digit < from + stampDigits; digit++) stamp = stamp * 10 + bytes[digit]! - digitZero
    onStamp(stamp)
  }
  return bytes.length
}

/** The last complete `id:` line in these bytes, or `undefined`. */
export function lastIdIn(bytes: Buffer): string | undefined {
  const at = bytes.lastIndexOf('\nid: ')
  const end = at === -1 ? -1 : bytes.indexOf('\n', at + 1)
  return end === -1 ? undefined : bytes.toString('latin1', at + 5, end)
}
