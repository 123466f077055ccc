import type { TidingsEvent, TidingsStream } from '@tidings/client'
import type { Api } from '@tidings/client/api'
import { nextFrame } from './frame.ts'
import { keepLoaded } from './keep-loaded.ts'
import { Observer, type Stop } from './observer.ts'
import type { WantedTopics } from './wanted-topics.ts'

/** Which events a window shows, and how many. */
export interface WindowOptions {
  /** Topics and patterns; none shows nothing. */
  readonly topics: readonly string[]
  /** Only events of these types; all, if absent. */
  readonly types: readonly string[] | undefined
  /** How many events are kept; the oldest go first. */
  readonly keep: number
  /** How many events of the log it begins with. */
  readonly past: number
}

/** What a window looks through. */
export interface WindowSource {
  readonly stream: TidingsStream
  readonly api: Pick<Api, 'events'>
  readonly wanted: WantedTopics
}

const nothing: readonly TidingsEvent[] = Object.freeze([])

/**
 * The newest events of some topics, oldest first, each once. Every event that arrives is in it, a burst as a whole:
 * what came since the last frame is added in one go.
 */
export class EventWindow extends Observer<readonly TidingsEvent[]> {
  readonly #source: WindowSource
  readonly #options: WindowOptions
  #arrived: TidingsEvent[] = []
  #newest: TidingsEvent | undefined
  #loading: AbortController | undefined

  constructor(source: WindowSource, options: WindowOptions) {
    super(nothing)
    this.#source = source
    this.#options = options
  }

  protected start(): Stop {
    const { stream, wanted } = this.#source
    const { topics, past, keep } = this.#options
    if (topics.length === 0) return () => {}
    const stops = topics.map((topic) => stream.on('*', (event) => this.#take(event), { topic }))
    // Other servers than Tidings do not say where an event was published: then all of it is what was asked for.
    stops.push(stream.on('*', (event) => (event.topic === undefined ? this.#take(event) : undefined)))
    if (Math.min(past, keep) === 0) stops.push(wanted.want(topics))
    else stops.push(keepLoaded({ stream, wanted, topics, load: () => void this.#load() }))
    return () => {
      this.#loading?.abort()
      for (const stop of stops) stop()
    }
  }

  #take(event: TidingsEvent): void {
    const { types, keep } = this.#options
    // An event that two of the topics match is handed over twice, one right after the other.
    if (event === this.#newest || (types !== undefined && !types.includes(event.type))) return
    this.#newest = event
    this.#arrived.push(event)
    // Nobody looks, and it pours: only what would be shown is worth keeping.
    if (this.#arrived.length >= 2 * keep + 1_000) this.#arrived = newest(this.#arrived, keep)
    nextFrame(this.#show)
  }

  readonly #show = (): void => {
    const arrived = this.#arrived
    if (arrived.length === 0) return
    this.#arrived = []
    const known = idsOf(this.value)
    // Other servers give no ids: then there is nothing to compare.
    const added = arrived.filter(({ id }) => id === '' || (!known.has(id) && known.add(id)))
    this.value = newest([...this.value, ...added], this.#options.keep)
  }

  async #load(): Promise<void> {
    const { topics, types, past, keep } = this.#options
    this.#loading?.abort()
    const loading = new AbortController()
    this.#loading = loading
    const limit = Math.min(past, keep)
    const query = { topics, ...(types !== undefined && { types }), limit, order: 'desc' as const }
    // Without the past there is still what comes; the next connection asks again.
    const page = await this.#source.api.events(query, { signal: loading.signal }).catch(() => undefined)
    if (page === undefined || loading.signal.aborted) return
    this.#show()
    const known = idsOf(this.value)
    const older = page.events.filter(({ id }) => !known.has(id)).reverse()
    if (older.length === 0) return
    // The sort is stable, and both parts are in the log's order already: it only finds where they interlock.
    this.value = newest(
      [...older, ...this.value].sort((a, b) => a.timeMs - b.timeMs),
      keep,
    )
  }
}

/** The last ones of a list: none of them, if none are kept. */
function newest(events: readonly TidingsEvent[], keep: number): TidingsEvent[] {
  return events.slice(Math.max(0, events.length - keep))
}

function idsOf(events: readonly TidingsEvent[]): Set<string> {
  return new Set(events.map(({ id }) => id))
}
