import type { Cursor, TopicSet } from '@tidings/protocol'
import type { RedisLink } from '../../redis/redis-link.ts'
import { Crowds } from '../crowds.ts'
import type { Page, Selection, StoredEvent } from '../event-log.ts'
import { pageBounds } from '../page-bounds.ts'
import { topicVerdicts } from '../topic-verdicts.ts'
import { readEntry } from './entry.ts'
import type { LogKeys } from './log-keys.ts'
import { readState, type StateReply } from './log-state.ts'
import { scripts } from './scripts.ts'

/** Which part of the log, in which direction. Bounds are included. */
export interface Range {
  readonly sign: 1 | -1
  readonly from: number
  readonly to: number
}

/** State, last number looked at, its tag, whether that is the end, and of each event its number and value. */
type PageReply = readonly [StateReply, string, string, 0 | 1, readonly string[]] | null

/** The newest number, and for each prefix its topics, or 0 if there are too many. */
type SpellReply = readonly [string, readonly (readonly string[] | 0)[]] | null

/** Events passed over in one page when walking the log: what crosses the network for it, and Redis' time. */
const walkedEvents = 1_000

/** There is no log any more. */
export class LogMissing extends Error {
  override readonly name = 'LogMissing'
}

/** Finds the events of a selection: from the streams of its topics, or, of very many, by walking the log. */
export class Selector {
  readonly #link: RedisLink
  readonly #keys: LogKeys
  readonly #hasIndex: () => boolean
  readonly #crowds = new Crowds()

  /** @param hasIndex whether the indexes of topics are all there; else the log is walked. */
  constructor(link: RedisLink, keys: LogKeys, hasIndex: () => boolean) {
    this.#link = link
    this.#keys = keys
    this.#hasIndex = hasIndex
  }

  async find({ topics, types }: Selection, range: Range, limit: number): Promise<Page> {
    const spelled = this.#hasIndex() ? await this.#spellOut(topics) : undefined
    const page =
      spelled === undefined
        ? await this.#walk(topics, range, limit)
        : await this.#merge(spelled.topics, within(range, spelled.head), limit)
    if (types === undefined) return page
    return { ...page, events: page.events.filter(({ type }) => types.has(type)) }
  }

  /**
   * The topics of a set, those of its patterns as far as they have events, and the number up to which they are all;
   * `undefined` if there are too many.
   */
  async #spellOut(set: TopicSet): Promise<{ topics: readonly string[]; head: number } | undefined> {
    if (set.exact.length > pageBounds.mergedTopics) return undefined
    if (set.patterns.length === 0) return { topics: set.exact, head: Number.POSITIVE_INFINITY }
    const prefixes = [...new Set(set.patterns.map((pattern) => pattern.slice(0, pattern.indexOf('*'))))]
    if (prefixes.some((prefix) => this.#crowds.has(prefix))) return undefined
    const args = [String(pageBounds.mergedTopics), ...prefixes]
    const reply = await this.#link.run<SpellReply>(scripts.spell, this.#keys.log, args)
    if (reply === null) throw new LogMissing()
    const spelled = new Set(set.exact)
    for (const [index, found] of reply[1].entries()) {
      if (found === 0) {
        this.#crowds.add(prefixes[index]!)
        return undefined
      }
      for (const topic of found) if (set.has(topic)) spelled.add(topic)
    }
    if (spelled.size > pageBounds.mergedTopics) return undefined
    return { topics: [...spelled], head: Number(reply[0]) }
  }

  async #merge(topics: readonly string[], range: Range, limit: number): Promise<Page> {
    const { page } = await this.#ask('read', range, limit, topics)
    return page
  }

  async #walk(topics: TopicSet, range: Range, limit: number): Promise<Page> {
    // Most of what is passed is wanted as a rule.
    const { page, epoch } = await this.#ask('walk', range, Math.max(limit, walkedEvents), [])
    const isWanted = topicVerdicts(topics)
    const wanted = page.events.filter(({ topic }) => isWanted(topic))
    if (wanted.length < limit) return { ...page, events: wanted }
    const events = wanted.slice(0, limit)
    const last = events.at(-1)!
    const isEnd = page.isEnd && last.seq === page.reached.seq
    return { ...page, events, reached: placeOf(last, epoch), isEnd }
  }

  async #ask(
    script: 'read' | 'walk',
    { sign, from, to }: Range,
    limit: number,
    topics: readonly string[],
  ): Promise<{ page: Page; epoch: string }> {
    const args = [sign, whole(from), whole(to), limit, pageBounds.bytes].map(String)
    const reply = await this.#link.run<PageReply>(scripts[script], this.#keys.log, [...args, ...topics])
    if (reply === null) throw new LogMissing()
    const [state, reached, tag, isEnd, entries] = reply
    const { floor, head } = readState(state)
    const { epoch } = head
    const events: StoredEvent[] = []
    for (let at = 0; at < entries.length; at += 2) {
      events.push(readEntry(Number(entries[at]), entries[at + 1]!))
    }
    const page = { events, reached: { epoch, seq: Number(reached), tag }, isEnd: isEnd === 1, floor }
    return { page, epoch }
  }
}

/** Topics that were spelled out are all of them up to a number: beyond it there may be others. */
function within({ sign, from, to }: Range, head: number): Range {
  return sign === 1 ? { sign, from, to: Math.min(to, head) } : { sign, from: Math.min(from, head), to }
}

function whole(number: number): number {
  return Math.max(0, Math.min(number, Number.MAX_SAFE_INTEGER))
}

function placeOf({ seq, tag }: StoredEvent, epoch: string): Cursor {
  return { epoch, seq, tag }
}
