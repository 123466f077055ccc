import { distance } from 'fastest-levenshtein'

/** The known name that an unknown one was probably meant to be; `undefined` if none is near. */
export function nearestName(unknown: string, known: readonly string[]): string | undefined {
  const wanted = unknown.toLowerCase()
  let best: string | undefined
  // A third of the letters wrong is a slip of the fingers; more is another word.
  let least = Math.max(1, Math.floor(unknown.length / 3)) + 1
  for (const name of known) {
    const letters = slipsBetween(wanted, name.toLowerCase())
    if (letters < least) [best, least] = [name, letters]
  }
  return best
}

/** A name that was left unfinished, mostly without its unit, is one slip. */
function slipsBetween(wanted: string, name: string): number {
  const isUnfinished = name.startsWith(wanted) && wanted.length * 2 >= name.length
  return isUnfinished ? 1 : distance(wanted, name)
}
