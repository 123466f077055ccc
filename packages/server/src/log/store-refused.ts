/** Why a file cannot be opened; its message says what to do. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused'
}

/** The refusal of a file that does not hold what was written. */
export function damaged(path: string, what: string): StoreRefused {
  return new StoreRefused(
    `${path} is damaged (${what}). Restore a backup, or move the file away to start anew.`,
  )
}
