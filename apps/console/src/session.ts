import { field, textField } from './payload.ts'

/** Who this page is to the server, and whether it minds. */
export interface Session {
  /** In `dev` nobody is asked who they are. */
  readonly mode: 'dev' | 'production'
  /** Whose session it is; `undefined` if nobody's. */
  readonly user: string | undefined
  /** When it ends, in milliseconds since 1970. */
  readonly endsAtMs: number | undefined
}

const path = '/api/session'
const timeoutMs = 10_000

/** Asks the server. One that cannot be reached is not one that refuses: the page then waits as it always does. */
export async function readSession(): Promise<Session> {
  try {
    const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) })
    return toSession(await response.json())
  } catch {
    return { mode: 'dev', user: undefined, endsAtMs: undefined }
  }
}

/**
 * Exchanges a token for a session: a cookie that no script can read. The token itself is kept nowhere.
 * @throws Error with words for the reader.
 */
export async function signIn(token: string): Promise<Session> {
  const headers = { Authorization: `Bearer ${token}` }
  const response = await fetch(path, { method: 'POST', headers, signal: AbortSignal.timeout(timeoutMs) })
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return toSession(body)
  throw new Error(textField(body, 'detail') ?? `The server answered ${response.status}.`)
}

export async function signOut(): Promise<void> {
  await fetch(path, { method: 'DELETE', signal: AbortSignal.timeout(timeoutMs) })
}

function toSession(body: unknown): Session {
  const ends = Date.parse(textField(body, 'expiresAt') ?? '')
  return {
    mode: field(body, 'mode') === 'production' ? 'production' : 'dev',
    user: textField(body, 'user'),
    endsAtMs: Number.isNaN(ends) ? undefined : ends,
  }
}
