import type { Trouble } from '../status.ts'

/** Why a connection ended, or never came to be. */
export class Failure extends Error {
  readonly trouble: Trouble
  /** Whether to try again would not help. */
  readonly isFinal: boolean
  /** How long the server asks to wait, in milliseconds; `undefined` if it does not say. */
  readonly adviceMs: number | undefined

  constructor(
    trouble: Trouble,
    { isFinal = false, adviceMs }: { isFinal?: boolean; adviceMs?: number } = {},
  ) {
    super(trouble.message)
    this.trouble = trouble
    this.isFinal = isFinal
    this.adviceMs = adviceMs
  }
}

/** What somebody threw, in words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
