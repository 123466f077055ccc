/** A list that grows at its end and shrinks at its front, both in constant time per item. */
export class Shelf<Item> {
  #items: Item[] = []
  /** Items before this one are gone, but not yet moved away. */
  #start = 0

  get length(): number {
    return this.#items.length - this.#start
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** The item at an index from 0. */
  at(index: number): Item | undefined {
    return index < 0 ? undefined : this.#items[this.#start + index]
  }

  dropFirst(count: number): void {
    const end = this.#start + Math.min(count, this.length)
    // What is dropped must not stay reachable until the items are moved.
    this.#items.fill(undefined as Item, this.#start, end)
    this.#start = end
    // Moving only when half is empty costs each item one move at most on average.
    if (this.#start * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#start)
    this.#start = 0
  }

  /** How many items at the front a test holds for, if it holds for none after the first that it fails. */
  countWhile(test: (item: Item) => boolean): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (test(this.at(middle)!)) low = middle + 1
      else high = middle
    }
    return low
  }
}
