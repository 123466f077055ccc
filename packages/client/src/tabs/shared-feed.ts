import type { Status, Trouble } from '../status.ts'
import { type Failure, orFail } from '../stream/failure.ts'
import type { Feed, FeedListener } from '../stream/feed.ts'
import { impliedTopics } from '../stream/implied-topics.ts'
import type { Beginning, LinkStatus } from '../stream/link.ts'
import type { Settings } from '../stream/settings.ts'
import { watchSurroundings } from '../stream/surroundings.ts'
import type { Answer } from '../stream/topics.ts'
import { aborted, Election } from './election.ts'
import { Lead } from './lead.ts'
import type { Condition, Message, News } from './message.ts'
import { Standing } from './standing.ts'
import { Wishes } from './wishes.ts'

/**
 * One connection for all tabs of a browser: a leader holds it and hands on what arrives; when it goes, the browser chooses
 * another, which goes on from where all of them stand. A tab that stands elsewhere catches up by itself.
 */
export class SharedFeed implements Feed {
  readonly #options: Settings
  readonly #beginning: Beginning
  readonly #listener: FeedListener
  readonly #key: string
  readonly #isBare: boolean
  readonly #wishes: Wishes
  /** What each tab wants, of which this one has heard. */
  readonly #roster = new Map<string, readonly string[]>()
  /** This tab's name, another one each time that it takes part: nothing that was said of the last one is true of this. */
  #tab = ''
  /** Ends this tab's part; `undefined` while it takes none. */
  #session: AbortController | undefined
  #channel: BroadcastChannel | undefined
  #election: Election | undefined
  #lead: Lead | undefined
  #standing: Standing | undefined
  #reign = 0
  #condition = conditionOf('idle')

  constructor(options: Settings, beginning: Beginning, listener: FeedListener) {
    const implied = impliedTopics(options.url)
    this.#options = options
    this.#beginning = beginning
    this.#listener = listener
    this.#key = ['tidings', options.url, options.shared, [...options.types].sort()].join(' ')
    this.#isBare = implied.length === 0
    this.#wishes = new Wishes(options.topics, implied)
  }

  get status(): LinkStatus {
    const { status } = this.#condition
    const shown = { ...status, trouble: status.trouble ?? this.#wishes.refusal }
    return this.#standing?.view(shown) ?? shown
  }

  get role(): Status['role'] {
    return this.#lead === undefined ? 'follower' : 'leader'
  }

  tell(type: 'open' | 'pause' | 'resume' | 'reconnect'): void {
    if (type !== 'open' && this.#condition.status.state === 'idle') return
    if (type === 'pause') this.#leave('paused')
    else if (this.#session === undefined) void this.#join()
    else if (type === 'reconnect') {
      this.#standing?.reconnect()
      this.#lead?.reconnect()
      this.#send({ type: 'reconnect' })
      this.#expectAnother()
    }
  }

  add(topics: readonly string[]): void {
    this.#wishes.add(topics)
    this.#say()
    // Other tabs may have had them for long.
    this.#heed()
  }

  answer(topic: string): Answer {
    return this.#wishes.answer(topic)
  }

  remove(topics: readonly string[]): void {
    this.#wishes.remove(topics)
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
    // Some runtimes have no global events; and where there is no page, this one never comes.
    globalThis.addEventListener?.('pagehide', () => this.#rest(), { signal })
    this.#tab = crypto.randomUUID()
    this.#setState('connecting')
    try {
      if (this.#standing === undefined) {
        const place = (await orFail('application', 'The store failed:', this.#beginning)) ?? ''
        // Asked once: later this tab knows better.
        this.#standing ??= new Standing(this.#options, this.#wishes, place, this.#listener)
      }
    } catch (error) {
      if (signal.aborted) return
      // Whoever closes or pauses it now finds no session to end, and its page would bring it back.
      this.#session.abort()
      this.#session = undefined
      return this.#setState('refused', (error as Failure).trouble)
    }
    await this.#standing.enter()
    if (!signal.aborted) {
      await new Promise<void>((resolve) => {
        const hold = (): Promise<void> => {
          resolve()
          return aborted(signal)
        }
        void this.#lock(this.#tab, hold).then(resolve)
      })
    }
    if (signal.aborted) return
    this.#wishes.grantAll()
    this.#channel = new BroadcastChannel(this.#key)
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#receive(data)
    this.#election = new Election(this.#key, {
      onElected: (lost) => this.#takeOver(lost),
      onQuiet: () => this.#send({ type: 'ping' }),
    })
    signal.addEventListener('abort', watchSurroundings({ onAwake: () => this.#send({ type: 'awake' }) }))
    this.#say()
  }

  /** Asks for a tab's own lock, by which a leader notices that the tab is gone, however it went. */
  #lock(tab: string, hold: () => Promise<void> | undefined): Promise<void> {
    const { signal } = this.#session!
    return navigator.locks.request(`${this.#key} ${tab}`, { signal }, hold).catch(() => {})
  }

  /** A page that is left may be kept as it stands, with its locks: the others must not wait for it. */
  #rest(): void {
    this.#leave('connecting')
    const wake = (): void => {
      if (this.#condition.status.state === 'connecting') this.tell('resume')
    }
    globalThis.addEventListener('pageshow', wake, { once: true })
  }

  #leave(state: 'paused' | 'idle' | 'connecting'): void {
    this.#send({ type: 'here', tab: this.#tab, topics: undefined })
    this.#roster.delete(this.#tab)
    this.#session?.abort()
    this.#session = undefined
    this.#election?.close()
    this.#standing?.leave()
    this.#channel?.close()
    this.#channel = undefined
    this.#setState(state)
  }

  #takeOver(lost: AbortSignal): void {
    // Its fraction is for two that begin in one millisecond.
    this.#reign = Math.max(this.#reign + 1, Date.now() + Math.random())
    const standing = this.#standing!
    const union = this.#union
    // No topic at all is `broadcast` for Tidings; another server need not hear of it.
    const isDefault = this.#isBare && [...union].join() === 'broadcast'
    const lead = new Lead(
      this.#reign,
      { ...this.#options, topics: isDefault ? [] : union },
      union,
      standing.lead(),
      (news) => {
        // A leader that was frozen and robbed says nothing more.
        if (lost.aborted || news.reign !== this.#reign) return
        this.#send(news)
        this.#hear(news)
      },
      standing.awaySinceMs,
    )
    this.#lead = lead
    lost.addEventListener('abort', () => {
      this.#lead = undefined
      void lead.close()
      this.#listener.onChange()
    })
    for (const tab of this.#roster.keys()) this.#watchTab(tab)
  }

  #receive(message: Message): void {
    if (message.type === 'here') this.#meet(message.tab, message.topics)
    else if (message.type === 'ping') this.#lead?.tell()
    else if (message.type === 'reconnect') this.#lead?.reconnect()
    else if (message.type === 'awake') this.#lead?.wake()
    else if (message.type === 'news') this.#hear(message)
  }

  /** Hears of the leader, which may be this tab itself. */
  #hear(news: News): void {
    const { reign, condition } = news
    const isNewReign = reign > this.#reign
    // Who has just come does not know yet how things are, and is about to be told.
    if (reign < this.#reign || (isNewReign && condition === undefined)) return
    this.#reign = reign
    this.#election!.hear()
    if (condition !== undefined) {
      this.#condition = condition
      this.#heed()
    }
    const { status, topics } = this.#condition
    const isWhole = status.clientId === undefined || this.#wishes.areIn(topics)
    this.#standing!.take(news, status, isWhole)
    if (condition !== undefined) this.#listener.onChange()
    if (isNewReign) this.#say()
  }

  /** What was refused is over, though the leader has not said so yet: what is added now is not refused with it. */
  #expectAnother(): void {
    const { status } = this.#condition
    if (status.state !== 'refused') return
    this.#condition = { ...this.#condition, status: { ...status, state: 'connecting' } }
    this.#listener.onChange()
  }

  /** Looks what became of this tab's wishes. */
  #heed(): void {
    const { size } = this.#wishes.all
    if (this.#wishes.hear(this.#condition.topics)) this.#standing?.widen()
    // What was refused is not asked for any more.
    if (this.#wishes.all.size < size) this.#say()
  }

  #meet(tab: string, topics: readonly string[] | undefined): void {
    const isNew = topics !== undefined && !this.#roster.has(tab)
    this.#note(tab, topics)
    if (!isNew) return
    // Whoever may lead one day must know what everybody wants.
    this.#say()
    this.#lead?.tell()
    this.#watchTab(tab)
  }

  /** Notes what a tab wants; nothing, if it is gone. */
  #note(tab: string, topics: readonly string[] | undefined): undefined {
    if (topics === undefined) this.#roster.delete(tab)
    else this.#roster.set(tab, topics)
    this.#lead?.want(this.#union)
  }

  /** What all tabs together want. */
  get #union(): Set<string> {
    return new Set([...this.#roster.values()].flat())
  }

  #watchTab(tab: string): void {
    if (this.#lead !== undefined && tab !== this.#tab) void this.#lock(tab, () => this.#note(tab, undefined))
  }

  /** Tells all tabs what this one wants. */
  #say(): void {
    if (this.#channel === undefined) return
    const topics = [...this.#wishes.all]
    this.#send({ type: 'here', tab: this.#tab, topics })
    this.#note(this.#tab, topics)
  }

  #send(message: Message): void {
    this.#channel?.postMessage(message)
  }

  #setState(state: Status['state'], trouble?: Trouble): void {
    this.#condition = conditionOf(state, trouble)
    this.#listener.onChange()
  }
}

/** Of a tab that no leader has told anything yet. */
function conditionOf(state: Status['state'], trouble?: Trouble): Condition {
  const status = {
    state,
    attempt: 0,
    trouble,
    retryAtMs: undefined,
    awaySinceMs: Date.now(),
    clientId: undefined,
    returned: undefined,
  }
  return { status, topics: new Map() }
}
