import { limits } from './limits.ts'
import { TidingsError } from './problem.ts'
import { quote } from './quote.ts'

/**
 * §2.1: no controls, no invisible or bidirectional formatting, no halves of characters, no white space, and
 * no U+FFFD: it stands where bytes were no UTF-8, and would make one topic of several broken ones.
 */
const refused = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\uFFFD]/u

const utf8 = new TextEncoder()

/** Whether a topic is one of the server's own, which nobody publishes to (§2.3). */
export function isServerTopic(topic: string): boolean {
  return topic.startsWith('$')
}

/**
 * Checks a topic against the grammar (§2.1) and returns it.
 * @throws TidingsError `invalid_topic`, with what is wrong and where.
 */
export function checkTopic(topic: unknown): string {
  const segments = checkSegments(topic, 'topic')
  for (const segment of segments) {
    if (segment.includes('*')) {
      throw wrong(topic, 'topic', 'has a "*", which only patterns may have')
    }
  }
  return topic as string
}

/**
 * Checks a pattern against the grammar (§2.2) and returns it. Every topic is also a pattern.
 * @throws TidingsError `invalid_topic`, with what is wrong and where.
 */
export function checkPattern(pattern: unknown): string {
  const segments = checkSegments(pattern, 'pattern')
  for (const [index, segment] of segments.entries()) {
    if (!segment.includes('*') || segment === '*') continue
    if (segment !== '**') {
      throw wrong(pattern, 'pattern', `has "*" inside a segment; "*" stands for a whole one`)
    }
    if (index !== segments.length - 1) throw wrong(pattern, 'pattern', 'has "**" before its end')
  }
  return pattern as string
}

/** Whether a checked pattern stands for more than the one topic it spells. */
export function isWildcard(pattern: string): boolean {
  return pattern.includes('*')
}

/**
 * Whether a topic, split at "/", is in a pattern, split at "/" (§2.2): one step a segment, no backtracking.
 */
export function matchesSegments(pattern: readonly string[], topic: readonly string[]): boolean {
  // §2.3: a wildcard never reaches the server's own topics; "$metrics/*" must say "$metrics".
  if (isServerTopic(topic[0]!) && pattern[0] !== topic[0]) return false
  for (let index = 0; index < pattern.length; index++) {
    const segment = pattern[index]
    if (segment === '**') return topic.length > index
    if (index >= topic.length || (segment !== '*' && segment !== topic[index])) return false
  }
  return pattern.length === topic.length
}

/**
 * Whether every topic of one pattern is in another, both split at "/": `a/**` holds `a/*`. One step a segment.
 */
export function coversSegments(general: readonly string[], special: readonly string[]): boolean {
  if (isOutOfReach(general, special)) return false
  for (let index = 0; index < general.length; index++) {
    const segment = general[index]
    if (segment === '**') return special.length > index
    const other = special[index]
    // A "**" reaches further down than any single segment does.
    if (other === undefined || other === '**' || (segment !== '*' && segment !== other)) return false
  }
  return general.length === special.length
}

/** Whether some topic is in both patterns, both split at "/". One step a segment. */
export function meetsSegments(one: readonly string[], two: readonly string[]): boolean {
  if (isOutOfReach(one, two) || isOutOfReach(two, one)) return false
  const length = Math.max(one.length, two.length)
  for (let index = 0; index < length; index++) {
    const a = one[index]
    const b = two[index]
    if (a === undefined || b === undefined) return false
    if (a === '**' || b === '**') return true
    if (a !== '*' && b !== '*' && a !== b) return false
  }
  return true
}

/** §2.3: whether the first pattern begins with a wildcard, and the second with one of the server's own segments. */
function isOutOfReach(pattern: readonly string[], other: readonly string[]): boolean {
  return isServerTopic(other[0]!) && pattern[0] !== other[0]
}

/** Three bytes are the most that one unit of a string becomes: only long topics need to be encoded to be counted. */
function isShort(value: string): boolean {
  return value.length * 3 <= limits.topicBytes
}

function checkSegments(value: unknown, kind: 'topic' | 'pattern'): string[] {
  if (value === undefined) throw wrong('', kind, 'is missing')
  if (typeof value !== 'string') throw wrong(value, kind, 'is not a string')
  if (value === '') throw wrong(value, kind, 'is empty')
  // Cheap bound first: a 100 kB topic is not worth a look at its characters.
  if (
    value.length > limits.topicBytes ||
    (!isShort(value) && utf8.encode(value).length > limits.topicBytes)
  ) {
    throw wrong(value, kind, `is longer than ${limits.topicBytes} bytes`)
  }
  if (refused.test(value)) throw wrong(value, kind, 'has white space, an invisible or a broken character')
  const segments = value.split('/')
  if (segments.length > limits.topicSegments) {
    throw wrong(value, kind, `has more than ${limits.topicSegments} segments`)
  }
  for (const segment of segments) {
    if (segment === '') throw wrong(value, kind, 'has an empty segment; do not begin, end or double "/"')
    if (segment === '.' || segment === '..') throw wrong(value, kind, 'has a segment "." or ".."')
  }
  return segments
}

function wrong(value: unknown, kind: 'topic' | 'pattern', why: string): TidingsError {
  const shown = typeof value === 'string' && value !== '' ? ` ${quote(value)}` : ''
  return new TidingsError('invalid_topic', `The ${kind}${shown} ${why}.`, { field: 'topic' })
}
