import { checkHistory } from './checker.ts'
import type { History } from './history.ts'
import { type Bug, plantedBugs } from './planted-bug.ts'

/** What became of bugs that were planted into a history. */
interface Planting {
  /** Bugs for which the history had a place. */
  readonly planted: readonly string[]
  /** Those of them that the checker did not see. */
  readonly unseen: readonly string[]
}

/** So often each bug is planted, each time in another place. */
const rounds = 4

/** In a history of which a backup took a part away, so often, until it is seen: what is owed to nobody is no bug. */
const roundsOfDoubt = 60

/**
 * Plants each bug into a history in which every promise is kept, and asks the checker: a judgement is worth something only
 * if it would have been another one.
 */
export function plantBugs(history: History): Planting {
  const planted: string[] = []
  const unseen: string[] = []
  const isCertain = (history.facts.withdrawn?.size ?? 0) === 0
  for (const [name, bug] of Object.entries(plantedBugs)) {
    const isSeen = isCertain ? isAlwaysSeen(history, bug) : isSeenSomewhere(history, bug)
    if (isSeen === undefined) continue
    planted.push(name)
    if (!isSeen) unseen.push(name)
  }
  return { planted, unseen }
}

/** @returns `undefined` if the history has no place for the bug. */
function isAlwaysSeen(history: History, bug: Bug): boolean | undefined {
  for (let round = 0; round < rounds; round++) {
    const broken = bug(history, anyOf)
    if (broken === undefined) return undefined
    if (checkHistory(broken).length === 0) return false
  }
  return true
}

function isSeenSomewhere(history: History, bug: Bug): boolean | undefined {
  for (let round = 0; round < roundsOfDoubt; round++) {
    const broken = bug(history, anyOf)
    if (broken === undefined) return undefined
    if (checkHistory(broken).length > 0) return true
  }
  return false
}

function anyOf(min: number, max: number): number {
  return min + Math.floor(Math.random() * (max - min + 1))
}
