import type { TopicSet } from '@tidings/protocol'

/** Finds everyone who wants a topic: one look-up for those who spelled it out, one walk for the patterns. */
export class TopicIndex<Value> {
  readonly #exact = new Map<string, Set<Value>>()
  readonly #patterns = new Branch<Value>()

  /** Whether nobody is in it. */
  get isEmpty(): boolean {
    return this.#exact.size === 0 && this.#patterns.isEmpty
  }

  add(topics: TopicSet, value: Value): void {
    for (const topic of topics.exact) {
      const values = this.#exact.get(topic)
      if (values === undefined) this.#exact.set(topic, new Set([value]))
      else values.add(value)
    }
    for (const pattern of topics.patterns) this.#patterns.add(pattern.split('/'), value)
  }

  delete(topics: TopicSet, value: Value): void {
    for (const topic of topics.exact) {
      const values = this.#exact.get(topic)
      if (values?.delete(value) && values.size === 0) this.#exact.delete(topic)
    }
    for (const pattern of topics.patterns) this.#patterns.delete(pattern.split('/'), 0, value)
  }

  /** Calls back for every value whose set holds the topic; more than once if several of its patterns do. */
  forEach(topic: string, callback: (value: Value) => void): void {
    this.#exact.get(topic)?.forEach(callback)
    if (!this.#patterns.isEmpty) this.#patterns.forEach(topic.split('/'), 0, callback)
  }
}

/** A node of the patterns' tree: one level a segment. Its size is that of the patterns in it. */
class Branch<Value> {
  readonly #children = new Map<string, Branch<Value>>()
  readonly #here = new Set<Value>()
  /** Those whose pattern goes on with `**`. */
  readonly #rest = new Set<Value>()

  get isEmpty(): boolean {
    return this.#children.size === 0 && this.#here.size === 0 && this.#rest.size === 0
  }

  add(pattern: readonly string[], value: Value): void {
    let branch: Branch<Value> = this
    for (const segment of pattern) {
      if (segment === '**') {
        branch.#rest.add(value)
        return
      }
      let child = branch.#children.get(segment)
      if (child === undefined) {
        child = new Branch()
        branch.#children.set(segment, child)
      }
      branch = child
    }
    branch.#here.add(value)
  }

  delete(pattern: readonly string[], depth: number, value: Value): void {
    const segment = pattern[depth]
    if (segment === undefined) this.#here.delete(value)
    else if (segment === '**') this.#rest.delete(value)
    else {
      const child = this.#children.get(segment)
      child?.delete(pattern, depth + 1, value)
      if (child?.isEmpty) this.#children.delete(segment)
    }
  }

  forEach(topic: readonly string[], depth: number, callback: (value: Value) => void): void {
    const segment = topic[depth]
    if (segment === undefined) {
      this.#here.forEach(callback)
      return
    }
    this.#children.get(segment)?.forEach(topic, depth + 1, callback)
    // §2.3: no wildcard stands for the first segment of a server topic.
    if (depth === 0 && segment.startsWith('$')) return
    this.#rest.forEach(callback)
    this.#children.get('*')?.forEach(topic, depth + 1, callback)
  }
}
