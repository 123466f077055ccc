import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set<string>()

/** Makes an empty folder that is removed at the latest when this process ends: a large log is in it. */
export function makeScratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-bench-'))
  folders.add(folder)
  return folder
}

export function removeScratchFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

/** For the end of this process. */
export function removeScratchFolders(): void {
  for (const folder of folders) removeScratchFolder(folder)
}
