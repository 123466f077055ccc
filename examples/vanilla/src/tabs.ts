const nav = document.querySelector<HTMLElement>('#boards')!
const names = ['kitchen', 'garden', 'workshop']
const unseen = new Map<string, number>()

/** The boards that there are, which of them is open, and how much is new on the others. */
export const tabs = {
  /** The board that the address names. */
  get current(): string {
    return names.find((name) => `#${name}` === location.hash) ?? names[0]!
  },

  /** Something arrived on a board that is not open. */
  count(name: string): void {
    unseen.set(name, (unseen.get(name) ?? 0) + 1)
    draw()
  },

  /** Calls a listener when another board is opened. */
  onChange(listener: () => unknown): void {
    addEventListener('hashchange', () => {
      unseen.delete(tabs.current)
      draw()
      listener()
    })
  },
}

function draw(): void {
  nav.replaceChildren(...names.map(linkTo))
}

function linkTo(name: string): HTMLAnchorElement {
  const link = document.createElement('a')
  link.href = `#${name}`
  link.textContent = name
  if (name === tabs.current) link.setAttribute('aria-current', 'page')
  const count = unseen.get(name)
  if (count) {
    link.dataset.unseen = String(count)
    link.setAttribute('aria-label', `${name}, ${count} new`)
  }
  return link
}

draw()
