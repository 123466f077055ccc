import { type Arrival, readPast } from './arrival.ts'
import { BoundedList } from './bounded-list.ts'
import { duration, moment } from './clock.ts'
import { type CurlLine, quote, streamCommand } from './curl-line.ts'
import { element, find } from './element.ts'
import { asText, textField } from './payload.ts'
import { type Ending, type Phase, Subscription } from './subscription.ts'

/** Lines that stay in the page, and lines that a tail begins with. */
const shownLines = 200
const pastLines = 20
/** Closer than this to the end, in pixels, the reader is taken to follow the end. */
const followsWithin = 40

const words: Readonly<Record<Phase, string>> = {
  connecting: 'Connecting…',
  connected: 'Following',
  reconnecting: 'Reconnecting…',
  closed: '',
}

const endings: Readonly<Record<Ending, string>> = {
  expired: 'Your session has ended.',
  revoked: 'The server has ended this stream.',
}

/**
 * Follows any topic or pattern, on a connection of its own while the reader wants it: browsers allow six
 * connections to one origin on HTTP/1.1, over all tabs, so nothing here opens a second one unasked.
 */
export class LogTail {
  readonly #form = find('tail-form', HTMLFormElement)
  readonly #topic = find('tail-topic', HTMLInputElement)
  readonly #types = find('tail-types', HTMLInputElement)
  readonly #toggle = find('tail-toggle', HTMLButtonElement)
  readonly #state = find('tail-state', HTMLElement)
  readonly #list = find('tail-list', HTMLOListElement)
  readonly #curl: CurlLine
  readonly #feed: CurlLine
  readonly #lines: BoundedList<Arrival>
  readonly #onRefused: () => void
  #subscription: Subscription | undefined

  /**
   * @param feed shows how a growing file is piped into the topic.
   * @param onRefused is told that the server does not let this reader in, or no longer.
   */
  constructor(curl: CurlLine, feed: CurlLine, onRefused: () => void) {
    this.#curl = curl
    this.#feed = feed
    this.#onRefused = onRefused
    const scroller = this.#list.parentElement!
    this.#lines = new BoundedList({
      list: this.#list,
      empty: find('tail-empty', HTMLElement),
      growth: 'newest-last',
      limit: shownLines,
      id: ({ id }) => id,
      render: renderLine,
      onGrow: (grow) => {
        const follows = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < followsWithin
        grow()
        if (follows) scroller.scrollTop = scroller.scrollHeight
      },
    })
    this.#form.addEventListener('input', () => this.#refresh())
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#subscription === undefined) void this.#start()
      else this.#stop()
    })
    this.#stop()
  }

  /** Listens to a type too; the form has just sent it, and the reader will look for it here. */
  listen(type: string): void {
    if (this.#typeNames.includes(type)) return
    this.#types.value = [...this.#typeNames, type].join(', ')
    this.#subscription?.listen(type)
    this.#refresh()
  }

  /** Suggests what a reader may follow who may not follow everything. */
  suggest(topic: string, types: readonly string[]): void {
    this.#topic.value = topic
    this.#types.value = types.join(', ')
    this.#refresh()
  }

  /** Goes on under the session that the reader has now. */
  async renew(): Promise<void> {
    await this.#subscription?.renew()
  }

  /** Lets go of the connection while nobody looks, or takes it up again where it was. */
  rest(isResting: boolean): void {
    if (isResting) this.#subscription?.close()
    // One that has no place yet is still reading its history, and opens when it has.
    else if (this.#subscription?.lastId !== undefined) this.#subscription.open()
  }

  get #typeNames(): string[] {
    return this.#types.value
      .split(',')
      .map((type) => type.trim())
      .filter((type) => type !== '')
  }

  async #start(): Promise<void> {
    const types = this.#typeNames
    const topic = this.#topic.value
    const subscription = new Subscription([['topic', topic]], types, {
      arrived: (arrival) => this.#lines.add(arrival),
      changed: () => this.#tell(),
      returned: ({ ms, missed }) => {
        const late = [...missed.values()].reduce((sum, count) => sum + count, 0)
        this.#state.textContent = `Back after ${duration(ms)}: ${late} came meanwhile`
      },
      lost: () => {
        this.#state.textContent = 'There is a gap: older events are no longer kept'
      },
      ended: (reason) => {
        this.#stop(endings[reason])
        this.#onRefused()
      },
      refused: this.#onRefused,
    })
    this.#subscription = subscription
    this.#refresh()
    this.#lines.replace([])
    this.#lines.explain('Reading the newest lines…')
    try {
      const past = await readPast({ topic, types, limit: pastLines })
      if (this.#subscription !== subscription) return
      this.#lines.explain('Waiting for the first event of this topic.')
      this.#lines.replace(past.arrivals)
      subscription.open(past.head)
    } catch (failure) {
      // EventSource cannot say why it was refused, e.g. for a topic that is none; the history can.
      if (this.#subscription === subscription) this.#stop((failure as Error).message)
    }
  }

  #stop(why = 'Not following. This opens a second connection, so it waits for you.'): void {
    this.#subscription?.close()
    this.#subscription = undefined
    this.#state.textContent = ''
    this.#lines.explain(why)
    this.#refresh()
  }

  #tell(): void {
    const phase = this.#subscription?.phase ?? 'closed'
    this.#state.dataset.phase = phase
    this.#state.textContent = words[phase]
  }

  #refresh(): void {
    const isOn = this.#subscription !== undefined
    this.#toggle.textContent = isOn ? 'Stop' : 'Follow'
    this.#toggle.classList.toggle('primary', !isOn)
    this.#topic.readOnly = isOn
    this.#types.readOnly = isOn
    const topic = this.#topic.value
    this.#curl.show(streamCommand(`/events?topic=${encodeTopic(topic)}&last=${pastLines}`))
    this.#feed.show(`tail -f app.log | npx tidings publish --topic ${quote(samplePath(topic))}`)
  }
}

/** Topics are shown as they are typed: only what would end the parameter is encoded. */
function encodeTopic(topic: string): string {
  return encodeURIComponent(topic).replaceAll('%2F', '/').replaceAll('%24', '$')
}

/** A topic that a pattern takes. */
function samplePath(pattern: string): string {
  return pattern.replace('**', 'app').replaceAll('*', 'app')
}

function renderLine({ type, data, atMs, isReplayed }: Arrival): HTMLElement {
  return element(
    'li',
    isReplayed ? { className: 'replayed' } : {},
    moment(atMs),
    type === 'message'
      ? undefined
      : element('span', { className: 'tag', text: type, attributes: { dir: 'auto' } }),
    element('span', { text: textField(data, 'line') ?? asText(data), attributes: { dir: 'auto' } }),
  )
}
