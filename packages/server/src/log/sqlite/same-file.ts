import { statSync } from 'node:fs'

/**
 * Remembers which file a path leads to now. Whoever has a file open does not notice that its name is gone, or leads to
 * another: whatever is written still succeeds, and is gone with the process.
 * @returns says whether the path still leads to it.
 */
export function rememberFile(path: string): () => boolean {
  const { dev, ino } = statSync(path, { bigint: true })
  return () => {
    try {
      const now = statSync(path, { bigint: true, throwIfNoEntry: false })
      return now?.dev === dev && now.ino === ino
    } catch {
      // A folder that may not be entered at the moment does not mean that the file is another.
      return true
    }
  }
}
