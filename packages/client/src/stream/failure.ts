import type { Trouble, TroubleCode } from '../status.ts'

/** What else there is to say of a failure. */
export interface FailureDetails extends Pick<Trouble, 'status' | 'problem'> {
  /** Whether to try again would not help. */
  readonly isFinal?: boolean
  /** How long the server asks to wait, in milliseconds. */
  readonly adviceMs?: number | undefined
}

/** Why a connection ended, or never came to be. */
export class Failure extends Error {
  readonly trouble: Trouble
  readonly isFinal: boolean
  readonly adviceMs: number | undefined

  constructor(
    code: TroubleCode,
    message: string,
    { isFinal = false, adviceMs, ...more }: FailureDetails = {},
  ) {
    super(message)
    this.trouble = { ...more, code, message }
    this.isFinal = isFinal
    this.adviceMs = adviceMs
  }
}

/**
 * Waits for something that is the application's, or the network's.
 * @throws Failure with what was thrown, in words.
 */
export async function orFail<Value>(
  code: TroubleCode,
  what: string,
  make: () => Value,
): Promise<Awaited<Value>> {
  try {
    return await make()
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(code, `${what} ${inWords(error)}`)
  }
}

/** What was thrown, and what is behind it: `fetch failed` alone says nothing of a wrong port. */
function inWords(error: unknown): string {
  const { message = error, cause } = error as Error
  return cause === undefined ? `${message}` : `${message} (${inWords(cause)})`
}
