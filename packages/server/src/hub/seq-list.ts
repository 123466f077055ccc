/** Ascending numbers, appended at the end and forgotten from the front: where a topic's events are. */
export class SeqList {
  #numbers: number[] = []
  #start = 0

  get length(): number {
    return this.#numbers.length - this.#start
  }

  push(seq: number): void {
    this.#numbers.push(seq)
  }

  /** Forgets the first number. */
  shift(): void {
    this.#start++
    // Moving the rest down at every shift would make forgetting quadratic; at half it is constant on average.
    if (this.#start > 32 && this.#start * 2 > this.#numbers.length) {
      this.#numbers = this.#numbers.slice(this.#start)
      this.#start = 0
    }
  }

  /** At most `limit` numbers greater than `seq`. */
  after(seq: number, limit: number): number[] {
    let low = this.#start
    let high = this.#numbers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#numbers[middle]! > seq) high = middle
      else low = middle + 1
    }
    return this.#numbers.slice(low, low + limit)
  }
}
