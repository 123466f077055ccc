import type { ConnectOptions } from '../options.ts'
import { resolveUrl } from '../server-base.ts'
import type { Status, Trouble } from '../status.ts'
import { Failure, orFail } from '../stream/failure.ts'
import type { Feed, FeedListener } from '../stream/feed.ts'
import { topicFilter } from '../stream/handlers.ts'
import { impliedTopics } from '../stream/implied-topics.ts'
import type { Beginning, LinkStatus } from '../stream/link.ts'
import { Election } from './election.ts'
import { Lead } from './lead.ts'
import type { Answer, Blocks, Here, Message, News } from './message.ts'
import { Roster } from './roster.ts'
import { Standing } from './standing.ts'

interface Request {
  readonly topics: readonly string[]
  resolve(): void
  reject(error: Failure): void
}

/**
 * One connection for all tabs of a browser: a leader holds it and hands on what arrives; when it goes, the browser chooses
 * another, which goes on from where all of them stand. A tab that stands elsewhere catches up by itself.
 */
export class SharedFeed implements Feed {
  readonly #options: ConnectOptions
  readonly #beginning: Beginning
  readonly #listener: FeedListener
  readonly #key: string
  readonly #tab = crypto.randomUUID()
  readonly #roster = new Roster()
  readonly #requests = new Map<number, Request>()
  /** What this tab wants, by `add` and from the start. */
  readonly #own: Set<string>
  /** What arrives whatever tabs want, since the address says so. */
  readonly #implied: readonly string[]
  #wants: (topic: string | undefined) => boolean = () => true
  #session = new AbortController()
  #channel: BroadcastChannel | undefined
  #election: Election | undefined
  #lead: Lead | undefined
  #standing: Standing | undefined
  #reign = 0
  #lastRequest = 0
  #news: LinkStatus
  #refusedTopic: Trouble | undefined

  constructor(options: ConnectOptions, beginning: Beginning, listener: FeedListener) {
    const address = resolveUrl(options.url ?? '/events')
    this.#options = options
    this.#beginning = beginning
    this.#listener = listener
    this.#key = ['tidings', address.href, options.shared, [...(options.types ?? [])].sort()].join(' ')
    this.#implied = impliedTopics(address)
    this.#own = new Set(options.topics)
    if (this.#own.size + this.#implied.length === 0) this.#own.add('broadcast')
    this.#news = statusOf('idle')
    this.#chooseTopics()
  }

  get status(): LinkStatus {
    const { catchUp, returned: own } = this.#standing ?? {}
    const { trouble = this.#refusedTopic, ...news } = this.#news
    const returned = (own?.atMs ?? 0) > (news.returned?.atMs ?? 0) ? own : news.returned
    const status = { ...news, trouble, returned }
    // A tab that is behind is not live, however well the leader does.
    if (catchUp === undefined || status.state !== 'live') return status
    return catchUp.trouble === undefined ? { ...status, state: 'catching-up' } : catchUp
  }

  get role(): Status['role'] {
    return this.#lead === undefined ? 'follower' : 'leader'
  }

  tell(type: 'open' | 'pause' | 'resume' | 'reconnect'): void {
    const isOut = this.#news.state === 'idle' || this.#news.state === 'paused'
    if (type === 'pause') this.#leave('paused')
    else if (isOut) void this.#join()
    else if (type === 'reconnect') {
      this.#standing?.reconnect()
      this.#send({ type: 'reconnect' })
    }
  }

  add(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#own.add(topic)
    this.#chooseTopics()
    return new Promise((resolve, reject) => {
      this.#requests.set(++this.#lastRequest, { topics, resolve, reject })
      this.#say()
    })
  }

  remove(topics: readonly string[]): void {
    for (const topic of topics) this.#own.delete(topic)
    this.#chooseTopics()
    this.#say()
  }

  async close(): Promise<void> {
    const lead = this.#lead
    this.#leave('idle')
    await lead?.close()
    await this.#standing?.idle()
  }

  async #join(): Promise<void> {
    this.#session = new AbortController()
    const { signal } = this.#session
    this.#setNews(statusOf('connecting'))
    try {
      // Asked once: later this tab knows better.
      this.#standing ??= new Standing(
        { ...this.#options, topics: this.#own },
        (await orFail('application', 'The store failed:', this.#beginning)) ?? '',
        this.#listener,
      )
      await this.#standing.enter()
    } catch (error) {
      if (!signal.aborted) this.#setNews({ ...statusOf('refused'), trouble: (error as Failure).trouble })
      return
    }
    if (!signal.aborted) await this.#holdLock(signal)
    if (signal.aborted) return
    this.#channel = new BroadcastChannel(this.#key)
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#receive(data)
    this.#election = new Election(this.#key, {
      onElected: (lost) => this.#takeOver(lost),
      onQuiet: () => this.#send({ type: 'ping' }),
    })
    this.#say()
  }

  /** A lock of this tab's own, by which the leader notices that the tab is gone, however it went. */
  #holdLock(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      void navigator.locks.request(`${this.#key} ${this.#tab}`, () => {
        resolve()
        return new Promise<void>((release) => signal.addEventListener('abort', () => release()))
      })
    })
  }

  #leave(state: 'paused' | 'idle'): void {
    if (this.#news.state === 'idle' && state === 'paused') return
    this.#send({ type: 'gone', tab: this.#tab })
    this.#session.abort()
    this.#election?.close()
    this.#standing?.leave()
    this.#channel?.close()
    this.#channel = undefined
    this.#setNews(statusOf(state))
  }

  #takeOver(lost: AbortSignal): void {
    this.#reign = Math.max(this.#reign + 1, Date.now())
    const { place, awaySinceMs } = this.#standing!.lead()
    const topics = [...this.#roster.union]
    // No topic at all is `broadcast` for Tidings; another server need not hear of it.
    const isDefault = this.#implied.length === 0 && topics.join() === 'broadcast'
    const options = { ...this.#options, topics: isDefault ? [] : topics }
    const lead = new Lead(this.#reign, options, place, (message) => this.#proclaim(message), awaySinceMs)
    this.#lead = lead
    lost.addEventListener('abort', () => {
      this.#lead = undefined
      void lead.close()
      this.#listener.onChange()
    })
    lead.open()
    for (const tab of this.#roster.tabs) this.#watchTab(tab)
    for (const request of this.#requests.keys()) this.#answer(this.#here(request))
  }

  #proclaim(message: News | Blocks): void {
    // A leader that was frozen and robbed says nothing more.
    if (message.reign !== this.#reign || this.#lead === undefined) return
    this.#channel?.postMessage(message)
    if (message.type === 'news') this.#setNews(message.status)
    else this.#take(message)
  }

  #receive(message: Message): void {
    if (message.type === 'here') this.#meet(message)
    else if (message.type === 'gone') this.#forget(message.tab)
    else if (message.type === 'ping') this.#lead?.tell()
    else if (message.type === 'reconnect') this.#lead?.reconnect()
    else if (message.type !== 'answer') this.#follow(message)
    else if (message.tab === this.#tab) this.#settle(message)
  }

  #follow(message: News | Blocks): void {
    if (message.reign < this.#reign || (this.#lead !== undefined && message.reign === this.#reign)) return
    const isNewReign = message.reign > this.#reign
    this.#reign = message.reign
    this.#election?.hear()
    if (message.type === 'blocks') this.#take(message)
    else {
      this.#setNews(message.status)
      if (this.#isTidings) this.#standing!.attach(message.place, true)
    }
    if (isNewReign) this.#say()
  }

  get #isTidings(): boolean {
    return this.#news.clientId !== undefined
  }

  #take(message: Blocks): void {
    const blocks = message.blocks.map((block) =>
      block.kind !== 'event' || this.#wants(block.topic)
        ? block
        : ({ kind: 'place', place: block.place } as const),
    )
    this.#standing!.take({ ...message, blocks }, this.#isTidings)
  }

  #meet(here: Here): void {
    const isKnown = this.#roster.has(here.tab)
    const { added, removed } = this.#roster.set(here.tab, here.topics)
    if (!isKnown) {
      // Whoever may lead one day must know what everybody wants.
      this.#say()
      this.#watchTab(here.tab)
    }
    this.#change(added, removed)
    this.#answer(here)
  }

  #forget(tab: string): void {
    const { removed } = this.#roster.set(tab, undefined)
    this.#lead?.remove(removed)
  }

  #watchTab(tab: string): void {
    if (this.#lead === undefined || tab === this.#tab) return
    const { signal } = this.#session
    navigator.locks.request(`${this.#key} ${tab}`, { signal }, () => this.#forget(tab)).catch(() => {})
  }

  #change(added: readonly string[], removed: readonly string[]): void {
    if (added.length > 0) void this.#lead?.add(added)
    if (removed.length > 0) this.#lead?.remove(removed)
  }

  #answer({ tab, topics, request }: Here): void {
    const lead = this.#lead
    if (lead === undefined) return
    lead.tell()
    void lead.add(topics).then((result) => {
      const answer = { type: 'answer', tab, request, ...result } as const
      if (tab === this.#tab) this.#settle(answer)
      else this.#channel?.postMessage(answer)
    })
  }

  #settle({ request, refused, trouble }: Answer): void {
    for (const topic of refused) this.#own.delete(topic)
    if (refused.length > 0) {
      this.#refusedTopic = trouble
      this.#chooseTopics()
      this.#say()
      this.#listener.onChange()
    }
    for (const [number, { topics, resolve, reject }] of this.#requests) {
      if (number > request) continue
      this.#requests.delete(number)
      if (topics.some((topic) => refused.includes(topic)))
        reject(new Failure('topics', trouble!.message, trouble))
      else resolve()
    }
  }

  #here(request: number): Here {
    return { type: 'here', tab: this.#tab, topics: [...this.#own], request }
  }

  /** Tells the other tabs what this one wants. */
  #say(): void {
    const here = this.#here(this.#lastRequest)
    const { added, removed } = this.#roster.set(this.#tab, this.#own)
    this.#channel?.postMessage(here)
    this.#change(added, removed)
    if (this.#requests.size > 0) this.#answer(here)
  }

  #send(message: Message): void {
    this.#channel?.postMessage(message)
    if (message.type === 'reconnect') this.#lead?.reconnect()
  }

  #chooseTopics(): void {
    const filters = [...this.#own, ...this.#implied].map(topicFilter)
    // Another server than Tidings does not say where an event belongs: then it belongs everywhere.
    this.#wants = (topic) => topic === undefined || filters.some((wants) => wants(topic))
  }

  #setNews(news: LinkStatus): void {
    this.#news = news
    this.#listener.onChange()
  }
}

function statusOf(state: Status['state']): LinkStatus {
  return {
    state,
    attempt: 0,
    trouble: undefined,
    retryAtMs: undefined,
    awaySinceMs: Date.now(),
    clientId: undefined,
    returned: undefined,
  }
}
