import { CurlLine } from './curl-line.ts'
import { find } from './element.ts'
import { readSession, type Session, signIn, signOut } from './session.ts'

/** Shows who the reader is, and lets them in: the rest of the page begins behind it. */
export class Door {
  readonly #form = find('sign-in-form', HTMLFormElement)
  readonly #token = find('sign-in-token', HTMLInputElement)
  readonly #note = find('sign-in-note', HTMLElement)
  readonly #button = find('sign-in-button', HTMLButtonElement)
  #onEntered: (session: Session) => void = () => {}

  constructor() {
    const line = new CurlLine(find('sign-in-curl', HTMLElement), 'making a token')
    line.show('npm run -s tidings -- token --user you')
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#enter()
    })
    find('sign-out', HTMLButtonElement).addEventListener('click', () => void this.#leave())
  }

  /** Resolves with the session of a reader who may see the page: at once in dev mode, else when they have one. */
  async open(): Promise<Session> {
    const session = await readSession()
    if (session.mode === 'dev' || session.user !== undefined) return this.#show(session)
    this.#ask('')
    return new Promise((resolve) => {
      this.#onEntered = (entered) => resolve(this.#show(entered))
    })
  }

  /** A stream was refused or ended: asks whether the session has, and tells the reader. */
  async checkStillOpen(): Promise<void> {
    const { mode, user } = await readSession()
    if (mode === 'dev' || user !== undefined) return
    // Only a page that begins anew has nothing left of the reader before.
    this.#onEntered = () => location.reload()
    this.#ask('Your session has ended. Sign in again; what you missed is waiting.')
  }

  #show(session: Session): Session {
    const { mode, user, endsAtMs } = session
    document.body.dataset.access = mode === 'dev' ? 'everything' : 'user'
    if (user !== undefined && mode === 'production') {
      find('session-user', HTMLElement).textContent = user
      const ends = endsAtMs === undefined ? '' : ` until ${new Date(endsAtMs).toLocaleTimeString()}`
      find('session-end', HTMLElement).textContent = ends
    }
    return session
  }

  #ask(note: string): void {
    document.body.dataset.access = 'nobody'
    this.#note.textContent = note
    this.#token.focus()
  }

  async #enter(): Promise<void> {
    this.#button.disabled = true
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
