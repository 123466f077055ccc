import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A Lua script, as Redis keeps it. */
export interface Script {
  readonly text: string
  /** By which Redis knows it: the SHA-1 of its text. */
  readonly digest: string
}

/** Reads a script from files, the shared ones first, as one text. */
export function loadScript(...files: readonly URL[]): Script {
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  return { text, digest: createHash('sha1').update(text).digest('hex') }
}
