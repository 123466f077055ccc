import { post, type Receipt } from './api.ts'
import { type CurlLine, postCommand } from './curl-line.ts'
import { type Draft, draft, type Kind, kinds } from './drafts.ts'
import { element, find } from './element.ts'

/** Arrivals that are remembered, because the stream can be faster than the answer to the publish. */
const rememberedArrivals = 200

/** The form that sends one of each kind, and says what became of it. */
export class Composer {
  readonly #form = find('composer', HTMLFormElement)
  readonly #button = find('composer-send', HTMLButtonElement)
  readonly #outcome = find('composer-outcome', HTMLElement)
  readonly #curl: CurlLine
  readonly #onSend: (draft: Draft) => void
  readonly #arrivals = new Map<string, number>()
  #awaited: { readonly id: string; readonly sentAt: number } | undefined

  /** @param onSend is told of each request before it goes out. */
  constructor(curl: CurlLine, onSend: (draft: Draft) => void) {
    this.#curl = curl
    this.#onSend = onSend
    this.#form.addEventListener('input', () => this.#refresh())
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#send()
    })
    this.#form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit()
    })
    this.#refresh()
  }

  /** An event reached this page: perhaps the one that was just sent. */
  arrived(id: string): void {
    const now = performance.now()
    if (this.#awaited?.id === id) this.#tellArrival(now - this.#awaited.sentAt)
    this.#arrivals.set(id, now)
    if (this.#arrivals.size > rememberedArrivals) this.#arrivals.delete(this.#arrivals.keys().next().value!)
  }

  get #kind(): Kind {
    const chosen = new FormData(this.#form).get('kind')
    return kinds.find((kind) => kind === chosen) ?? 'notification'
  }

  #refresh(): void {
    const kind = this.#kind
    for (const fields of this.#form.querySelectorAll<HTMLFieldSetElement>('fieldset[data-kind]')) {
      fields.hidden = fields.dataset.kind !== kind
      // Disabled fields are neither checked nor sent.
      fields.disabled = fields.hidden
    }
    const { path, body } = draft(kind, new FormData(this.#form))
    this.#button.textContent = `Send ${kind === 'event' ? 'event' : kind}`
    this.#curl.show(postCommand(path, body))
  }

  async #send(): Promise<void> {
    const request = draft(this.#kind, new FormData(this.#form))
    this.#onSend(request)
    this.#awaited = undefined
    this.#button.disabled = true
    const sentAt = performance.now()
    try {
      const receipt = await post(request.path, request.body, () =>
        this.#tell(
          'waiting',
          'The server cannot be reached. Trying again under the same key, so that it arrives once.',
        ),
      )
      this.#tellReceipt(receipt, sentAt)
    } catch (failure) {
      this.#tell('failed', (failure as Error).message)
    } finally {
      this.#button.disabled = false
    }
  }

  #tellReceipt({ id, durability, tookMs }: Receipt, sentAt: number): void {
    const stored = durability === 'fsync' ? 'On disk' : 'Stored'
    this.#tell('done', `${stored}: answered after ${Math.round(tookMs)} ms`)
    if (id === undefined) return
    const seen = this.#arrivals.get(id)
    if (seen === undefined) this.#awaited = { id, sentAt }
    else this.#tellArrival(seen - sentAt)
  }

  #tellArrival(ms: number): void {
    this.#awaited = undefined
    this.#outcome.append(element('span', { text: `, on this page after ${Math.round(ms)} ms` }))
  }

  #tell(state: 'done' | 'waiting' | 'failed', text: string): void {
    this.#outcome.dataset.state = state
    this.#outcome.textContent = text
  }
}
