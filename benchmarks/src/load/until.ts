/** How often a condition is looked at, in milliseconds. */
const intervalMs = 5

/**
 * Waits until a condition holds.
 * @returns whether it held before the deadline.
 */
export async function until(condition: () => boolean, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) return false
    await pause(intervalMs)
  }
  return true
}

/** Lets time pass that is itself part of a measurement. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
