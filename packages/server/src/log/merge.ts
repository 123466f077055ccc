/** The numbers of one topic's events, in the direction of reading. */
export interface Run {
  /**
   * The next numbers.
   * @param from where to begin, included.
   * @param count at most this many; fewer mean that there are no more.
   */
  next(from: number, count: number): readonly number[]
}

/** Fetched from each run at first: most topics of many contribute few events to a page, or none. */
const leastStep = 8

/**
 * The first `limit` numbers of many runs together, in order. It fetches from a run about twice what that run
 * contributes, rather than `limit` from each: with 500 topics that is the difference between 2 ms and 300 ms.
 * @param from where to begin, included; the runs end by themselves.
 * @param sign 1 for ascending runs, -1 for descending ones.
 */
export function merge(runs: readonly Run[], from: number, limit: number, sign: 1 | -1): number[] {
  const found: number[] = []
  let open = runs.map((run) => ({ run, from }))
  for (let step = Math.max(leastStep, Math.ceil(limit / runs.length)); open.length > 0; step *= 2) {
    const unfinished: typeof open = []
    for (const { run, from } of open) {
      const numbers = run.next(from, step)
      for (const number of numbers) found.push(number)
      if (numbers.length === step) unfinished.push({ run, from: numbers[step - 1]! + sign })
    }
    found.sort((a, b) => sign * (a - b))
    found.length = Math.min(found.length, limit)
    const last = found[limit - 1]
    // What comes after the last that is wanted need not be fetched.
    open = last === undefined ? unfinished : unfinished.filter(({ from }) => sign * (last - from) > 0)
  }
  return found
}
