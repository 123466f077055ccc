import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A Lua script, as Redis keeps it. */
export interface Script {
  readonly text: string
  /** By which Redis knows it: the SHA-1 of its text. */
  readonly digest: string
}

/** The same script, which is let write when Redis has no memory left: for what takes little, and must not wait. */
export function evenIfFull({ text }: Script): Script {
  return scriptOf(`#!lua flags=allow-oom\n${text}`)
}

/** Reads a script from files, the shared ones first, as one text. */
export function loadScript(...files: readonly URL[]): Script {
  return scriptOf(files.map((file) => readFileSync(file, 'utf8')).join('\n'))
}

function scriptOf(text: string): Script {
  return { text, digest: createHash('sha1').update(text).digest('hex') }
}
