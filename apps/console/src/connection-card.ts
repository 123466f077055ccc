import type { Gap } from '@tidings/protocol'
import { duration } from './clock.ts'
import { type CurlLine, streamCommand } from './curl-line.ts'
import { find } from './element.ts'
import type { Absence, Phase, Subscription } from './subscription.ts'

const titles: Readonly<Record<Phase, string>> = {
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Offline',
}

const notes: Readonly<Record<Phase, string>> = {
  connecting: 'Waiting for the first byte.',
  connected: 'Go offline, or kill -9 the server: nothing gets lost.',
  reconnecting: 'The browser keeps trying, and knows where it was.',
  closed: 'Send a few things, then come back.',
}

/** What the reader is told about each kind of event that came late: one, and several. */
const names: Readonly<Record<string, readonly [string, string]>> = {
  notification: ['notification', 'notifications'],
  announcement: ['announcement', 'announcements'],
  update: ['update', 'updates'],
  activity: ['activity', 'activities'],
  message: ['message', 'messages'],
}

const gapReasons: Readonly<Record<Gap['reason'], string>> = {
  'bad-cursor': 'The place this page remembered is none that this server knows.',
  epoch: 'The server has another history now; this one begins anew.',
  diverged: 'The server’s history was rolled back.',
  trimmed: 'The page was away longer than the server keeps events.',
}

/** How often "2 s ago" is written anew, in milliseconds. */
const refreshEveryMs = 500

/** The card on top: whether the page is connected, where it is in the log, and what it missed while it was not. */
export class ConnectionCard {
  readonly #card = find('connection', HTMLElement)
  readonly #title = find('connection-title', HTMLElement)
  readonly #note = find('connection-note', HTMLElement)
  readonly #since = find('fact-since', HTMLElement)
  readonly #received = find('fact-received', HTMLElement)
  readonly #id = find('fact-id', HTMLElement)
  readonly #toggle = find('connection-toggle', HTMLButtonElement)
  readonly #absence = find('absence', HTMLElement)
  readonly #user: string
  readonly #resume: CurlLine
  readonly #announce: (text: string) => void
  #subscription: Subscription | undefined

  /**
   * @param user whose page this is.
   * @param resume shows how any client goes on from where this page is.
   * @param announce says something to readers of screens.
   */
  constructor(user: string, resume: CurlLine, announce: (text: string) => void) {
    this.#user = user
    this.#resume = resume
    this.#announce = announce
    find('absence-dismiss', HTMLButtonElement).addEventListener('click', () => {
      this.#absence.hidden = true
    })
  }

  /** Shows a subscription from now on. @param onToggle the reader wants it closed, or open again. */
  follow(subscription: Subscription, onToggle: () => void): void {
    this.#subscription = subscription
    this.#toggle.addEventListener('click', onToggle)
    this.#toggle.disabled = false
    setInterval(() => this.#refresh(), refreshEveryMs)
  }

  /** The phase is another one. */
  changed(): void {
    const { phase } = this.#subscription!
    this.#card.dataset.phase = phase
    this.#title.textContent = titles[phase]
    this.#note.textContent = notes[phase]
    this.#toggle.textContent = phase === 'closed' ? 'Come back' : 'Go offline'
    this.#toggle.classList.toggle('primary', phase === 'closed')
    this.#announce(titles[phase])
    this.#refresh()
  }

  /** The server has ended the stream, for good. */
  ended(): void {
    this.#note.textContent = 'The server has ended this connection.'
  }

  /** Tells what came while the page was away. */
  returned({ ms, missed }: Absence): void {
    const parts: string[] = []
    let total = 0
    for (const [type, count] of missed) {
      // The machine's own figures are no news to anybody.
      if (type === 'metrics') continue
      total += count
      const [one, several] = names[type] ?? [`“${type}” event`, `“${type}” events`]
      parts.push(`${count} ${count === 1 ? one : several}`)
    }
    if (total === 0) {
      this.#tell(
        'good',
        `You were away for ${duration(ms)}: nothing came meanwhile`,
        'So nothing is missing.',
      )
      return
    }
    const [came, here] =
      total === 1 ? ['1 event', 'It is here'] : [`${total} events`, 'All are here, in order']
    const title = `You were away for ${duration(ms)}: ${came} came meanwhile`
    this.#tell('replayed', title, `${sentence(parts)}. ${here}.`)
  }

  /** Tells that something may be missing. */
  lost({ reason, missed }: Gap): void {
    const count = missed === null ? 'Nobody can say how many events' : `At most ${missed} events`
    this.#tell(
      'gap',
      'There is a gap',
      `${gapReasons[reason]} ${count} are missing; the lists were read again.`,
    )
  }

  #tell(tone: 'good' | 'replayed' | 'gap', title: string, detail: string): void {
    this.#absence.dataset.tone = tone
    find('absence-title', HTMLElement).textContent = title
    find('absence-detail', HTMLElement).textContent = detail
    this.#absence.hidden = false
    this.#announce(`${title}. ${detail}`)
  }

  #refresh(): void {
    const { received, lastId, lastAtMs, awaySinceMs, phase } = this.#subscription!
    this.#received.textContent = received.toLocaleString()
    this.#id.textContent = lastId ?? '–'
    this.#resume.show(streamCommand(`/events/${encodeURIComponent(this.#user)}`, lastId))
    this.#since.textContent =
      received === 0 || lastAtMs === undefined ? 'none yet' : `${duration(Date.now() - lastAtMs)} ago`
    if (awaySinceMs !== undefined && phase !== 'connected') {
      this.#title.textContent = `${titles[phase]} for ${duration(Date.now() - awaySinceMs)}`
    }
  }
}

function sentence(parts: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(parts)
}
