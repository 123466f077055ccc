import { readFileSync } from 'node:fs'

/**
 * Names the machine's boot; `undefined` where it has no name. `TIDINGS_BOOT_ID` stands in for it in tests,
 * which cannot restart the machine.
 */
export function bootId(): string | undefined {
  const given = process.env.TIDINGS_BOOT_ID
  if (given !== undefined) return given
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
