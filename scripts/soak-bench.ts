import { setTimeout as pause } from 'node:timers/promises'
import { parseCursor } from '@tidings/protocol'
import { Cluster } from '../tests/cluster/cluster.ts'
import { Traffic } from '../tests/cluster/traffic.ts'
import type { Sample } from '../tests/history/index.ts'
import type { SseReader } from '../tests/support/sse-reader.ts'

/** Chance with a seed, so that a run can be repeated: numbers from 0 to 1, 1 excluded (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How many streams only count what comes, beside those that keep everything for the checker. */
const crowd = 60

/** What a soak works on: nodes, Redis, load, and the book of what was done to the log on purpose. */
export class SoakBench implements AsyncDisposable {
  readonly cluster: Cluster
  readonly traffic: Traffic
  /** They keep everything that they saw. */
  readonly witnesses: readonly SseReader[]
  /** They count. */
  readonly crowd: readonly SseReader[]
  readonly chance: () => number
  readonly withdrawn = new Set<string>()
  readonly epochs: string[]
  /** What the first node held before anybody came. */
  readonly atRest: Sample

  static async start(seed: number): Promise<SoakBench> {
    const cluster = await Cluster.start({
      // A node fills its memory of recent events first; it is the growth after that which counts.
      settings: { tailBytes: 2 * 1024 * 1024, retryMs: 300, drainMs: 1_000, heartbeatMs: 500 },
    })
    const atRest = await cluster.node(0).server.sample()
    const options = { watchdogMs: 2_000 }
    const witnesses = await cluster.readers('orders/1', options)
    const counting = await Promise.all(
      Array.from({ length: crowd }, (_, first) =>
        cluster.reader(['orders/2'], { first, isTerse: true, ...options }),
      ),
    )
    return new SoakBench(cluster, witnesses, counting, chanceOf(seed), await cluster.epoch(), atRest)
  }

  private constructor(
    cluster: Cluster,
    witnesses: readonly SseReader[],
    counting: readonly SseReader[],
    chance: () => number,
    epoch: string,
    atRest: Sample,
  ) {
    this.cluster = cluster
    this.witnesses = witnesses
    this.crowd = counting
    this.chance = chance
    this.epochs = [epoch]
    this.atRest = atRest
    this.traffic = new Traffic(cluster, { publishers: 3, paceMs: 25, timeoutMs: 1_500 })
  }

  get readers(): readonly SseReader[] {
    return [...this.witnesses, ...this.crowd]
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.chance() * (max - min + 1))
  }

  any<Thing>(things: readonly Thing[]): Thing {
    return things[this.between(0, things.length - 1)]!
  }

  /**
   * Does something to Redis by which events get lost, while no node can reach it, and notes which: those that somebody
   * knows of and that are not in it afterwards. Whatever was lost before is found first, and is no excuse.
   * @throws Error if Redis had lost something already.
   */
  async withdraw(loss: () => Promise<void>): Promise<void> {
    const { cluster, traffic } = this
    cluster.part()
    await traffic.isTurnedAway()
    const missing = await this.#missing()
    if (missing.length > 0) throw new Error(`Redis had lost ${missing.length} events before: ${missing[0]}`)
    await loss()
    for (const id of await this.#missing()) this.withdrawn.add(id)
    cluster.rejoin()
    await cluster.isReady(20_000)
    await this.noteEpoch()
  }

  /** Sends everybody home, and resolves with what the first node holds then. */
  async empty(): Promise<Sample> {
    for (const reader of this.readers) reader.close()
    await this.traffic[Symbol.asyncDispose]()
    const { server } = this.cluster.node(0)
    const deadline = performance.now() + 10_000
    for (;;) {
      const sample = await server.sample()
      if (sample.descriptors <= this.atRest.descriptors || performance.now() > deadline) return sample
      await pause(100)
    }
  }

  /** Notes the epoch that something has begun on purpose. */
  async noteEpoch(): Promise<void> {
    const epoch = await this.cluster.epoch()
    if (!this.epochs.includes(epoch)) this.epochs.push(epoch)
  }

  /**
   * Makes sure that no epoch has begun but those that were noted.
   * @throws Error naming the fault after which one had.
   */
  async checkEpochs(fault: string): Promise<void> {
    const seen = this.witnesses.flatMap((reader) =>
      reader.said('gap').map(({ to }) => parseCursor(String(to))?.epoch),
    )
    const unknown = seen.find((epoch) => epoch !== undefined && !this.epochs.includes(epoch))
    if (unknown !== undefined) throw new Error(`Epoch ${unknown} began without a reason: "${fault}"`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.readers) reader.close()
    await this.traffic[Symbol.asyncDispose]()
    await this.cluster[Symbol.asyncDispose]()
  }

  /** Ids that somebody knows of, that were not withdrawn, and that Redis does not hold. */
  async #missing(): Promise<string[]> {
    const stored = await this.#stored()
    const acknowledged = this.traffic.publishers.flatMap(({ publications }) =>
      publications.flatMap(({ attempts }) =>
        attempts.flatMap((attempt) => (attempt.kind === 'acknowledged' ? attempt.ids : [])),
      ),
    )
    const shown = this.witnesses.flatMap(({ blocks }) =>
      blocks.flatMap(({ id, topic }) => (id === undefined || topic === undefined ? [] : id)),
    )
    const isMissing = (id: string) => {
      const { seq, tag } = parseCursor(id)!
      return stored.get(seq) !== tag && !this.withdrawn.has(id)
    }
    return [...new Set([...acknowledged, ...shown])].filter(isMissing)
  }

  /** The tag of every number that Redis holds, read from it directly. */
  async #stored(): Promise<Map<number, string>> {
    const stored = new Map<number, string>()
    for (let from = '-'; ; ) {
      const reply = await this.cluster.redis.command('XRANGE', eventsKey, from, '+', 'COUNT', pageEntries)
      const entries = reply as readonly (readonly [string, readonly string[]])[]
      for (const [id, [field, value]] of entries) {
        if (field === 'e') stored.set(Number(id.slice(0, id.indexOf('-'))), value!.slice(0, tagLength))
      }
      if (entries.length < pageEntries) return stored
      from = `(${entries.at(-1)![0]}`
    }
  }
}

const eventsKey = 'tidings:{main}:events'
const pageEntries = 2_000
const tagLength = 5
