/** Strings, and what opens, closes and separates; everything else between them does not matter here. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/**
 * Whether no object of a JSON text names a member twice. Parsers disagree on which of the two counts, so that what
 * one checks another may not see. The text must be valid JSON.
 */
export function hasUniqueMembers(json: string): boolean {
  /** The members so far of each object that is open; `undefined` for an array. */
  const open: (Set<string> | undefined)[] = []
  let previous = ''
  for (const [token] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const members = open.at(-1)!
      const name = JSON.parse(previous) as string
      if (members.has(name)) return false
      members.add(name)
    }
    previous = token
  }
  return true
}
