/** Which end of the list new items go to. */
type Growth = 'newest-first' | 'newest-last'

/** What a {@link BoundedList} is made of. */
export interface BoundedListOptions<Item> {
  readonly list: HTMLElement
  /** Stands beside the list, and is seen while the list has no children. */
  readonly empty: HTMLElement
  readonly growth: Growth
  /** Items that stay in the page; older ones go. */
  readonly limit: number
  /** Names an item; one that is already there is not added again. */
  id(item: Item): string
  render(item: Item): HTMLElement
  /** Wraps each growth, for one who keeps a scroll position. */
  onGrow?(grow: () => void): void
}

/**
 * A list that keeps its newest items only, and touches the page once a frame however fast items come:
 * at 500 events/s it makes at most as many elements as will still be there when the frame is painted.
 */
export class BoundedList<Item> {
  readonly #options: BoundedListOptions<Item>
  readonly #known = new Set<string>()
  #pending: Item[] = []
  #frame = 0

  constructor(options: BoundedListOptions<Item>) {
    this.#options = options
  }

  /** Adds an item as the newest. */
  add(item: Item): void {
    const { id, limit } = this.#options
    if (this.#known.has(id(item))) return
    this.#known.add(id(item))
    this.#pending.push(item)
    // Frames stop while a tab is hidden: what would be removed at once need not wait for one.
    if (this.#pending.length > 2 * limit) this.#forget(this.#pending.splice(0, limit))
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush())
  }

  /** Replaces everything: what a page of history brought, oldest first. */
  replace(items: readonly Item[]): void {
    this.#pending = []
    this.#known.clear()
    this.#options.list.replaceChildren()
    for (const item of items) this.add(item)
  }

  /** What is said while there is nothing: that it is loading, that nothing came, or what went wrong. */
  explain(text: string, ...more: readonly Node[]): void {
    this.#options.empty.replaceChildren(text, ...more)
  }

  #flush(): void {
    this.#frame = 0
    const { list, growth, limit, render, id } = this.#options
    this.#forget(this.#pending.splice(0, Math.max(0, this.#pending.length - limit)))
    const made = this.#pending.map((item) => {
      const child = render(item)
      child.dataset.event = id(item)
      return child
    })
    this.#pending = []
    const grow = () => {
      if (growth === 'newest-first') list.prepend(...made.reverse())
      else list.append(...made)
      while (list.childElementCount > limit) this.#dropOldest()
    }
    if (this.#options.onGrow === undefined) grow()
    else this.#options.onGrow(grow)
  }

  #dropOldest(): void {
    const { list, growth } = this.#options
    const oldest = growth === 'newest-first' ? list.lastElementChild : list.firstElementChild
    if (!(oldest instanceof HTMLElement)) return
    this.#known.delete(oldest.dataset.event ?? '')
    oldest.remove()
  }

  #forget(items: readonly Item[]): void {
    for (const item of items) this.#known.delete(this.#options.id(item))
  }
}
