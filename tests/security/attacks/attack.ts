import type { RawAnswer } from '../../support/raw-http.ts'
import type { Target } from './target.ts'

/** One thing that an attacker tries. */
export interface Attack {
  /** Names the case of the catalogue. */
  readonly id: string
  readonly attempt: string
  /**
   * Tries it.
   * @returns what the server did, in a few words.
   * @throws Error if the server did not hold.
   */
  run(target: Target): Promise<string>
}

/** Makes an attack. */
export function attack(id: string, attempt: string, run: Attack['run']): Attack {
  return { id, attempt, run }
}

/** @throws Error unless every answer has one of the statuses. */
export function mustAnswer(answers: readonly RawAnswer[] | RawAnswer, ...allowed: readonly number[]): string {
  const all = [answers].flat()
  const statuses = [...new Set(all.map(({ status }) => status))]
  if (all.length === 0 || statuses.some((status) => !allowed.includes(status))) {
    throw new Error(`answered ${statuses.join(', ')} instead of ${allowed.join(' or ')}`)
  }
  return statuses.join(', ')
}

/** @throws Error with this message unless it holds. */
export function must(holds: boolean, message: string): void {
  if (!holds) throw new Error(message)
}

/**
 * The answer to a request that the server need not read to its end: it may hang up while the rest is still on its way,
 * and then the answer is lost on the network as often as not. To be hung up on is to be refused.
 */
export async function orHungUpOn(asked: Promise<RawAnswer>): Promise<RawAnswer[]> {
  try {
    return [await asked]
  } catch {
    return []
  }
}
