import { readTime } from '../clock.ts'
import { field, textField } from '../payload.ts'

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

/** Asks the server; `undefined` if it cannot be reached, which is not to be refused. */
export async function readSession(): Promise<Session | undefined> {
  try {
    const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) })
    return response.ok ? toSession(await response.json()) : undefined
  } catch {
    return undefined
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
  if (response.ok) return kept(toSession(body))
  throw new Error(textField(body, 'detail') ?? `The server answered ${response.status}.`)
}

/** Takes the cookie back. */
export async function signOut(): Promise<void> {
  await fetch(path, { method: 'DELETE', signal: AbortSignal.timeout(timeoutMs) })
}

/**
 * Lets an open stream go on under the session that the reader has now (PROTOCOL §5.7).
 * @returns whether it does; if not, it has to connect anew.
 */
export async function renewStream(clientId: string): Promise<boolean> {
  const answer = await fetch(`/streams/${clientId}/token`, { method: 'POST' }).catch(() => undefined)
  return answer?.ok === true
}

/** A browser says nothing when it throws a cookie away. */
async function kept(session: Session): Promise<Session> {
  if ((await readSession())?.user === session.user) return session
  throw new Error(
    'The token counts, but your browser did not keep the session: that takes HTTPS, or localhost.',
  )
}

function toSession(body: unknown): Session {
  const endsAtMs = readTime(field(body, 'expiresAt'), Number.NaN)
  return {
    mode: field(body, 'mode') === 'production' ? 'production' : 'dev',
    user: textField(body, 'user'),
    endsAtMs: Number.isNaN(endsAtMs) ? undefined : endsAtMs,
  }
}
