import { type Arrival, type PastQuery, readPast } from './arrival.ts'
import { BoundedList } from './bounded-list.ts'
import { element, find } from './element.ts'

/** Items that a card keeps in the page. */
const shownItems = 100
/** Items that a card begins with. */
const pastItems = 30

/** What an {@link EventList} is made of. */
export interface EventListOptions {
  /** The card's elements in index.html are `<name>-list` and `<name>-empty`. */
  readonly name: string
  /** Said while there is nothing. */
  readonly emptyText: string
  render(arrival: Arrival): HTMLElement
}

/** The list of a card: a page of history, and what comes live after it, newest on top. */
export class EventList {
  readonly #items: BoundedList<Arrival>
  readonly #emptyText: string
  /** What came live while a page of history was on its way. */
  #meanwhile: Arrival[] | undefined
  #load = 0

  constructor({ name, emptyText, render }: EventListOptions) {
    this.#emptyText = emptyText
    this.#items = new BoundedList({
      list: find(`${name}-list`, HTMLOListElement),
      empty: find(`${name}-empty`, HTMLElement),
      growth: 'newest-first',
      limit: shownItems,
      id: ({ id }) => id,
      render,
    })
  }

  /** Adds what came live. */
  add(arrival: Arrival): void {
    if (this.#meanwhile === undefined) this.#items.add(arrival)
    else if (this.#meanwhile.push(arrival) > shownItems) this.#meanwhile.shift()
  }

  /**
   * Begins anew from a page of history.
   * @returns the head of the log when it was read; `undefined` if that failed, or if a later load overtook it.
   */
  async load(query: Omit<PastQuery, 'limit'>): Promise<string | undefined> {
    const load = ++this.#load
    this.#meanwhile ??= []
    this.#items.replace([])
    this.#items.explain('Reading the history…')
    try {
      const past = await readPast({ ...query, limit: pastItems })
      if (load !== this.#load) return undefined
      this.#items.explain(this.#emptyText)
      this.#settle(past.arrivals)
      return past.head
    } catch (failure) {
      if (load === this.#load) this.#fail(failure, query)
      return undefined
    }
  }

  #fail(failure: unknown, query: Omit<PastQuery, 'limit'>): void {
    const again = element('button', {
      className: 'button',
      text: 'Try again',
      attributes: { type: 'button' },
    })
    again.addEventListener('click', () => void this.load(query))
    this.#items.explain(`The history could not be read: ${(failure as Error).message} `, again)
    this.#settle([])
  }

  #settle(past: readonly Arrival[]): void {
    this.#items.replace([...past, ...(this.#meanwhile ?? [])])
    this.#meanwhile = undefined
  }
}
