/** At most this many samples are kept, 8 MiB; a case samples so few streams that it stays below. */
const capacity = 1 << 20

/** Times in microseconds, kept one by one so that quantiles are exact. */
export class Latencies {
  #micros = new Float64Array(1 << 12)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** The longest, in milliseconds. */
  get maxMs(): number {
    return this.#max / 1000
  }

  add(micros: number): void {
    if (micros > this.#max) this.#max = micros
    if (this.#count === capacity) return
    if (this.#count === this.#micros.length) {
      const grown = new Float64Array(this.#micros.length * 2)
      grown.set(this.#micros)
      this.#micros = grown
    }
    this.#micros[this.#count++] = micros
  }

  /** The smallest time that at least this share of all is not above, in milliseconds; `NaN` without samples. */
  quantileMs(share: number): number {
    if (this.#count === 0) return Number.NaN
    const sorted = this.#micros.slice(0, this.#count).sort()
    return sorted[Math.max(0, Math.ceil(share * this.#count) - 1)]! / 1000
  }

  clear(): void {
    this.#count = 0
    this.#max = 0
  }
}
