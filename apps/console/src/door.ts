import { CurlLine } from './curl-line.ts'
import { find } from './element.ts'
import { readSession, type Session, signIn, signOut } from './session.ts'
import type { Ending } from './subscription.ts'

const reasons: Readonly<Record<Ending | 'unknown' | 'begun', string>> = {
  expired: 'Your session has ended, as its token has. Sign in with a new one: what you missed is waiting.',
  revoked: 'Your session was taken back by whoever runs this server. A new token lets you in again.',
  unknown: 'Your session has ended. Sign in again: what you missed is waiting.',
  begun: 'This server has left dev mode: from now on it asks.',
}

const shortTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** Shows who the reader is, and lets them in: the rest of the page begins behind it. */
export class Door {
  readonly #form = find('sign-in-form', HTMLFormElement)
  readonly #token = find('sign-in-token', HTMLInputElement)
  readonly #why = find('sign-in-why', HTMLElement)
  readonly #note = find('sign-in-note', HTMLElement)
  readonly #button = find('sign-in-button', HTMLButtonElement)
  #session: Session | undefined
  #onEntered: (session: Session) => void = () => {}

  constructor() {
    const line = new CurlLine(find('sign-in-curl', HTMLElement), 'making a token')
    line.show('npx tidings token --user you')
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#enter()
    })
    find('sign-out', HTMLButtonElement).addEventListener('click', () => void this.#leave())
  }

  /** Resolves with the session of a reader who may see the page: at once in dev mode, else when they have one. */
  async open(): Promise<Session> {
    // A server that cannot be reached just now is waited for by the page itself.
    const session = (await readSession()) ?? { mode: 'dev', user: undefined, endsAtMs: undefined }
    if (session.mode === 'dev' || session.user !== undefined) return this.#show(session)
    this.#ask('')
    return new Promise((resolve) => {
      this.#onEntered = (entered) => resolve(this.#show(entered))
    })
  }

  /** A stream was refused or ended: asks whether the session has, and tells the reader. */
  async checkStillOpen(reason: Ending | 'unknown' = 'unknown'): Promise<void> {
    const session = await readSession()
    if (session === undefined || session.mode === 'dev' || session.user !== undefined) return
    // Only a page that begins anew has nothing left of the reader before.
    this.#onEntered = () => location.reload()
    // The stream and the tail may both ask; who knows the reason better has the word.
    if (reason === 'unknown' && document.body.dataset.access === 'nobody') return
    this.#ask(reasons[this.#session?.mode === 'dev' ? 'begun' : reason])
  }

  /** The session ends soon: asks for a new token, and leaves the page as it is. @param onRenewed the reader gave one. */
  offerRenewal(expiresAt: string, onRenewed: () => void): void {
    document.body.dataset.renewing = ''
    const at = shortTime.format(new Date(expiresAt))
    this.#why.textContent = `Your session ends at ${at}. With a new token until then, your stream goes on without a gap.`
    const { user } = this.#session ?? {}
    this.#onEntered = (session) => {
      // What is shown belongs to the reader before.
      if (session.user !== user) return location.reload()
      this.#show(session)
      onRenewed()
    }
  }

  #show(session: Session): Session {
    const { mode, user, endsAtMs } = session
    this.#session = session
    delete document.body.dataset.renewing
    document.body.dataset.access = mode === 'dev' ? 'everything' : 'user'
    if (user !== undefined && mode === 'production') {
      find('session-user', HTMLElement).textContent = user
      const ends = endsAtMs === undefined ? '' : `, until ${shortTime.format(endsAtMs)}`
      find('session-end', HTMLElement).textContent = ends
    }
    return session
  }

  #ask(why: string): void {
    delete document.body.dataset.renewing
    document.body.dataset.access = 'nobody'
    this.#why.textContent = why
    this.#token.focus()
  }

  async #enter(): Promise<void> {
    this.#button.disabled = true
    this.#note.textContent = ''
    try {
      const session = await signIn(this.#token.value.trim())
      this.#token.value = ''
      this.#onEntered(session)
    } catch (error) {
      this.#note.textContent = error instanceof Error ? error.message : String(error)
      this.#token.select()
    } finally {
      this.#button.disabled = false
    }
  }

  async #leave(): Promise<void> {
    await signOut()
    location.reload()
  }
}
