/** Something that came at a time, under an id. */
export interface Item {
  readonly id: string
  readonly timeMs: number
}

/** How far a user has read: all up to an item, and some after it. */
interface Mark {
  /** The newest item up to which all is read. */
  readonly upTo: Item
  /** The ids of single ones after it. */
  readonly read: readonly string[]
}

/** How many single ids are kept: storage is small, and what is older than so many others is as good as read. */
const maxRead = 200

const unread: Mark = { upTo: { id: '', timeMs: 0 }, read: [] }

/**
 * What a user has seen on this browser. It is kept in local storage, whose events tell the other tabs; where storage
 * is forbidden it lasts as long as the page.
 */
export class SeenMark {
  readonly #key: string
  readonly #listeners = new Set<() => void>()
  #mark = unread

  /** @param user their id: people who share a browser do not share what they have seen. */
  constructor(user: string) {
    this.#key = `tidings:seen:${user}`
  }

  /** Calls `listener` whenever it changes, in this tab or in another one. Returns a function that stops this. */
  watch(listener: () => void): () => void {
    if (this.#listeners.size === 0) {
      this.#read()
      addEventListener('storage', this.#hear)
    }
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) removeEventListener('storage', this.#hear)
    }
  }

  /** The items that are not read yet. @param items newest first. */
  unreadOf<Some extends Item>(items: readonly Some[]): Some[] {
    const { upTo, read } = this.#mark
    // Ids do not say which of two is newer. Where the mark itself is in the list, its place does; times may be equal.
    const at = items.findIndex(({ id }) => id === upTo.id)
    const newer = at === -1 ? items.filter(({ timeMs }) => timeMs > upTo.timeMs) : items.slice(0, at)
    return newer.filter(({ id }) => !read.includes(id))
  }

  /** Marks one item. @param items all that are known, newest first. */
  markRead(id: string, items: readonly Item[]): void {
    if (!this.unreadOf(items).some((item) => item.id === id)) return
    this.#put({ ...this.#mark, read: [...this.#mark.read, id].slice(-maxRead) })
    if (this.unreadOf(items).length === 0) this.markAllRead(items)
  }

  /** Marks all items. @param items all that are known, newest first. */
  markAllRead([newest]: readonly Item[]): void {
    if (newest !== undefined) this.#put({ upTo: { id: newest.id, timeMs: newest.timeMs }, read: [] })
  }

  readonly #hear = ({ key }: StorageEvent): void => {
    if (key !== this.#key) return
    this.#read()
    this.#tell()
  }

  #read(): void {
    this.#mark = parse(readStorage(this.#key)) ?? this.#mark
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #put(mark: Mark): void {
    this.#mark = mark
    this.#tell()
    try {
      localStorage.setItem(this.#key, JSON.stringify(mark))
    } catch {
      // No storage, or no room in it: this page remembers.
    }
  }
}

function readStorage(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Storage is anybody's: what is not a mark counts as none. */
function parse(text: string | null): Mark | undefined {
  if (text === null) return undefined
  try {
    const { upTo, read } = JSON.parse(text) as Mark
    const isMark = typeof upTo.id === 'string' && typeof upTo.timeMs === 'number' && Array.isArray(read)
    return isMark ? { upTo, read } : undefined
  } catch {
    return undefined
  }
}
