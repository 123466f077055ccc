import { answerMs, provenMs } from '../bounds.ts'
import type { Return, Status, Trouble } from '../status.ts'
import { checkAnswer, discard } from './answer.ts'
import type { Block, ControlBlock } from './block.ts'
import { readConnection } from './connection.ts'
import { Credential } from './credential.ts'
import { Dialect } from './dialect.ts'
import { Failure, orFail } from './failure.ts'
import type { Feed, FeedListener } from './feed.ts'
import { requestAboutStream, requestStream } from './request.ts'
import type { Settings } from './settings.ts'
import { type Input, initialState, next, type StreamState } from './stream-state.ts'
import { isOnline, watchSurroundings } from './surroundings.ts'
import { type Answer, Topics } from './topics.ts'
import { Watchdog } from './watchdog.ts'

/** What a link knows of itself: plain data. */
export type LinkStatus = Pick<
  Status,
  'state' | 'attempt' | 'trouble' | 'retryAtMs' | 'awaySinceMs' | 'clientId' | 'returned'
>

/** Where a stream begins, if it does not begin now: asked once, before the first connection. */
export type Beginning = () => string | null | undefined | Promise<string | null | undefined>

/** Keeps one stream connected: it does what `stream-state.ts` decides. */
export class Link implements Feed {
  readonly role = 'alone'
  readonly #topics: Topics
  readonly #options: Settings
  readonly #listener: FeedListener
  readonly #credential: Credential
  readonly #watchdog = new Watchdog(() => this.#end(silent))
  readonly #stopWatching: () => void
  #state: StreamState
  /** Where to go on from; `undefined` before that is known. */
  #place: string | undefined
  readonly #beginning: Beginning
  #clientId: string | undefined
  #returned: Return | undefined
  #refusedTopic: Trouble | undefined
  #abort = new AbortController()
  /** The last connection's end, its last handler included. */
  #ended: Promise<void> = Promise.resolve()
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #provenTimer: ReturnType<typeof setTimeout> | undefined
  /** The stream's last `retry:`. */
  #retryMs = 0
  #heartbeatMs: number
  /** When the absence began that this connection ends. */
  #awaySinceMs = 0

  /** @param awaySinceMs since when its application is without a stream, in milliseconds since 1970, if not since now. */
  constructor(options: Settings, beginning: Beginning, listener: FeedListener, awaySinceMs?: number) {
    this.#state = { ...initialState, awaySinceMs }
    this.#options = options
    this.#listener = listener
    this.#beginning = beginning
    // PROTOCOL §5.1: a stream that is asked for no topic is of this one, also when others are added.
    const isBare = /\/events(\?(?!.*(topic|userId)=).*)?$/.test(options.url.href)
    this.#topics = new Topics(options.topics, isBare ? 'broadcast' : undefined, () => listener.onChange())
    this.#credential = new Credential(options.token)
    this.#heartbeatMs = options.heartbeatMs ?? 0
    this.#stopWatching = watchSurroundings({
      onAwake: () => this.wake(),
      onOffline: () => this.tell('offline'),
    })
  }

  get status(): LinkStatus {
    const { run, notBeforeMs, trouble = this.#refusedTopic, ...state } = this.#state
    return { ...state, trouble, clientId: this.#clientId, returned: this.#returned }
  }

  /** Where the stream stands: all up to there was handled. The empty string if nowhere in particular. */
  get place(): string {
    return this.#place ?? ''
  }

  add(topics: readonly string[]): void {
    this.#topics.add(topics)
  }

  answer(topic: string): Answer {
    return this.#topics.answers.get(topic)
  }

  remove(topics: readonly string[]): void {
    this.#topics.remove(topics)
  }

  /** Tells the link what the application or the device wants. */
  tell(type: 'open' | 'pause' | 'resume' | 'reconnect' | 'offline'): void {
    this.#apply({ type, nowMs: Date.now() })
  }

  /** Disconnects for good. Resolves when the last handler is done. */
  close(): Promise<void> {
    this.#apply({ type: 'close', nowMs: Date.now() })
    this.#stopWatching()
    return this.#ended
  }

  /** There is a network again, or somebody looks again: whatever waits for that is done now. */
  wake(): void {
    this.#watchdog.check()
    if (isOnline()) this.#apply({ type: 'awake', nowMs: Date.now() })
  }

  #apply(input: Input): void {
    const before = this.#state
    const state = next(before, input)
    if (state === before) return
    this.#state = state
    const isNewRun = state.run !== before.run
    if (isNewRun) this.#drop()
    if (isNewRun || state.retryAtMs !== before.retryAtMs) this.#setRetry(state.retryAtMs)
    if (isNewRun && state.state === 'connecting') this.#connect()
    this.#listener.onChange()
  }

  #drop(): void {
    this.#abort.abort()
    this.#watchdog.stop()
    clearTimeout(this.#provenTimer)
    this.#clientId = undefined
    this.#topics.ask()
  }

  #setRetry(retryAtMs: number | undefined): void {
    clearTimeout(this.#retryTimer)
    if (retryAtMs === undefined) return
    this.#retryTimer = setTimeout(
      () => this.#apply({ type: 'due', nowMs: Date.now() }),
      Math.max(0, retryAtMs - Date.now()),
    )
  }

  #connect(): void {
    this.#abort = new AbortController()
    const { signal } = this.#abort
    // What the last connection brought is handled before the next one is asked for what follows.
    this.#ended = this.#ended
      .then(() => (signal.aborted ? undefined : this.#open(signal)))
      .catch((error) => signal.aborted || this.#end(error))
      .then(() => {})
  }

  async #open(signal: AbortSignal): Promise<never> {
    this.#place ??=
      (await unlessAborted(orFail('application', 'The store failed:', this.#beginning), signal)) ?? ''
    const lastEventId = this.#place
    const response = await this.#request('connect', signal)
    signal.throwIfAborted()
    this.#awaySinceMs = this.#state.awaySinceMs ?? Date.now()
    this.#watchdog.watch(this.#heartbeatMs * 2)
    const dialect = new Dialect(lastEventId !== '' || (this.#options.last ?? 0) > 0)
    this.#apply({ type: 'accepted', isBehind: dialect.isBehind })
    // Whoever hears of it may have dropped the connection.
    signal.throwIfAborted()
    this.#provenTimer = setTimeout(() => this.#prove(dialect), provenMs)
    return readConnection({
      response,
      lastEventId,
      dialect,
      maxEventBytes: this.#options.maxEventBytes,
      watchdog: this.#watchdog,
      signal,
      onRetry: (retryMs) => {
        this.#retryMs = retryMs
      },
      onBlock: (block) => this.#receive(block, dialect, lastEventId !== ''),
    })
  }

  async #request(reason: 'connect' | 'rejected', signal: AbortSignal): Promise<Response> {
    this.#watchdog.watch(this.#heartbeatMs * 2 || answerMs)
    await unlessAborted(this.#credential.ask(reason, signal), signal)
    const token = this.#credential.current
    const details = { topics: this.#topics.ask(), lastEventId: this.place, token, signal }
    const asked = requestStream(this.#options, details)
    // An answer that comes too late is let go of: the application's own `fetch` need not know of signals.
    asked.then(
      (late) => signal.aborted && discard(late),
      () => {},
    )
    const response = await unlessAborted(asked, signal)
    if (response.status === 401 && reason === 'connect' && this.#credential.canRenew) {
      discard(response)
      return this.#request('rejected', signal)
    }
    await checkAnswer(response)
    return response
  }

  #receive(block: Block, dialect: Dialect, isReturn: boolean): Promise<void> | undefined {
    if (block.kind === 'control') this.#obey(block, dialect, isReturn)
    else if (dialect.isTidings === false) this.#adapt(dialect)
    const pending = this.#listener.onBlock(block)
    if (pending !== undefined) return pending.then(() => this.#moveTo(block))
    this.#moveTo(block)
    return undefined
  }

  /** Only now, with the block handled, the stream need not be asked for it again. */
  #moveTo(block: Block): void {
    this.#place = block.place
    if (block.kind !== 'control' || block.type !== 'goodbye') return
    const { reason: problem, reconnect, retryMs: adviceMs } = block.value
    throw new Failure('goodbye', `The server said goodbye: ${problem}.`, {
      problem,
      isFinal: !reconnect,
      adviceMs,
    })
  }

  #obey(block: ControlBlock, dialect: Dialect, isReturn: boolean): void {
    if (block.type === 'connected') {
      const { clientId, resumed, heartbeatMs } = block.value
      this.#clientId = clientId
      this.#heartbeatMs = heartbeatMs
      this.#watchdog.watch(heartbeatMs * 2)
      // After most gaps the stream begins at the head: there is nothing to catch up with.
      if (isReturn && !resumed) dialect.isBehind = false
      // Before anybody hears of it, and drops the connection perhaps.
      this.#topics.opened((change) => this.#changeTopics(clientId, change))
      if (!dialect.isBehind) this.#apply({ type: 'caught-up' })
      this.#listener.onChange()
    } else if (block.type === 'live' && dialect.isBehind) {
      dialect.isBehind = false
      const atMs = Date.now()
      if (isReturn)
        this.#returned = { atMs, awayMs: atMs - this.#awaySinceMs, replayed: block.value.replayed }
      this.#apply({ type: 'caught-up' })
    } else if (block.type === 'expiring' && this.#credential.canRenew) {
      void this.#renew(this.#abort.signal)
    }
  }

  /** Another server than Tidings neither says when it has caught up, nor can its topics be changed. */
  #adapt(dialect: Dialect): void {
    if (dialect.isKnown) return
    dialect.isKnown = true
    dialect.isBehind = false
    this.#topics.opened(async () => {
      this.tell('reconnect')
      return false
    })
    this.#apply({ type: 'caught-up' })
  }

  #prove(dialect: Dialect): void {
    if (dialect.isTidings !== true) this.#adapt(dialect)
    this.#apply({ type: 'proven' })
  }

  /** Failing is not the end: the server says goodbye when the token is over, and then a new one is asked for. */
  async #renew(signal: AbortSignal): Promise<void> {
    const path = `${encodeURIComponent(this.#clientId!)}/token`
    try {
      await this.#credential.ask('renew', signal)
      if (!signal.aborted)
        await requestAboutStream(this.#options, path, this.#credential.current, { method: 'POST' })
    } catch {}
  }

  async #changeTopics(clientId: string, change: { add: string[]; remove: string[] }): Promise<boolean> {
    if (this.#clientId !== clientId) return false
    try {
      const init = { method: 'PATCH', body: JSON.stringify(change) }
      await requestAboutStream(this.#options, encodeURIComponent(clientId), this.#credential.current, init)
      return true
    } catch (error) {
      const { trouble, isFinal } = error as Failure
      if (isFinal && trouble.status !== 401 && trouble.status !== 404) {
        const failure = new Failure('topics', trouble.message, trouble)
        this.#refusedTopic = failure.trouble
        this.#listener.onChange()
        throw failure
      }
      // To connect anew with all the topics loses nothing, and has its pauses and its limits.
      if (this.#clientId === clientId)
        this.#end(isFinal ? new Failure('status', trouble.message, trouble) : error)
      return false
    }
  }

  #end(error: unknown): void {
    const failure =
      error instanceof Failure ? error : new Failure('application', `${error}`, { isFinal: true })
    const { trouble, isFinal, adviceMs = this.#retryMs } = failure
    const nowMs = Date.now()
    if (isFinal) this.#apply({ type: 'refused', trouble, nowMs })
    else
      this.#apply({ type: 'failed', trouble, adviceMs, isOnline: isOnline(), random: Math.random(), nowMs })
  }
}

const silent = new Failure('silent', 'Nothing arrived for too long, not even a heartbeat.')

/** The application's own `token()` and `fetch` need not know of signals. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    promise.then(resolve, reject)
  })
}
