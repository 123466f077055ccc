/** Items that are gone, at least, before the others are moved into their room. */
const leastRoom = 32

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

  /** Forgets the first item; there must be one. */
  shift(): void {
    // What is gone must not stay reachable until the others are moved.
    this.#items[this.#start++] = undefined as Item
    // Moving only when half is empty costs each item one move at most on average.
    if (this.#start <= leastRoom || this.#start * 2 <= this.#items.length) return
    this.#items = this.#items.slice(this.#start)
    this.#start = 0
  }

  /** The items from an index on, up to another. */
  slice(start: number, end: number): Item[] {
    return this.#items.slice(this.#start + start, this.#start + Math.max(start, end))
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
