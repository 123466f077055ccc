import { checkPattern, coversSegments, isWildcard, matchesSegments, meetsSegments } from './topic.ts'

/** A set of topics, spelled out or by pattern: what a subscription wants and what a grant allows. */
export class TopicSet {
  /** The topics that are spelled out, without duplicates, sorted. */
  readonly exact: readonly string[]
  /** The patterns with a wildcard, without duplicates, sorted. */
  readonly patterns: readonly string[]
  readonly #exact: ReadonlySet<string>
  readonly #segments: readonly (readonly string[])[]

  /**
   * @param patterns topics and patterns, in any order; duplicates count once.
   * @throws TidingsError `invalid_topic`.
   */
  constructor(patterns: Iterable<string>) {
    const distinct = [...new Set(patterns)].map(checkPattern).sort()
    this.exact = Object.freeze(distinct.filter((pattern) => !isWildcard(pattern)))
    this.patterns = Object.freeze(distinct.filter(isWildcard))
    this.#exact = new Set(this.exact)
    this.#segments = this.patterns.map((pattern) => pattern.split('/'))
  }

  /** How many topics and patterns there are. */
  get size(): number {
    return this.exact.length + this.patterns.length
  }

  /** Whether a topic is in the set. Linear in the topic's segments, for each pattern. */
  has(topic: string): boolean {
    if (this.#exact.has(topic)) return true
    if (this.#segments.length === 0) return false
    const segments = topic.split('/')
    return this.#segments.some((pattern) => matchesSegments(pattern, segments))
  }

  /**
   * Whether one pattern of the set holds every topic of this one. Two that only together hold it do not count:
   * the answer may be a no too many, never a yes.
   */
  covers(pattern: string): boolean {
    if (this.#exact.has(pattern)) return true
    const segments = pattern.split('/')
    return this.#segments.some((each) => coversSegments(each, segments))
  }

  /** The topics and patterns of the set that have a topic in common with this pattern. */
  meeting(pattern: string): string[] {
    const segments = pattern.split('/')
    return [...this.exact, ...this.patterns].filter((each) => meetsSegments(each.split('/'), segments))
  }

  /** One spelling for equal sets: the topics and patterns, sorted, joined by spaces (which no topic holds). */
  toString(): string {
    return [...this.exact, ...this.patterns].join(' ')
  }
}
