import { recentIds } from '../bounds.ts'

/** The ids that arrived last. */
export class RecentIds {
  readonly #ids = new Set<string>()

  /** Takes an id. Returns whether it is new. */
  add(id: string): boolean {
    const ids = this.#ids
    if (ids.has(id)) return false
    ids.add(id)
    // A set keeps the order of arrival: its first is its oldest.
    if (ids.size > recentIds) for (const oldest of ids) return ids.delete(oldest)
    return true
  }
}
