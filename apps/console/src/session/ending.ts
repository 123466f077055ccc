/** Why the page asks somebody who they are, after it had let them in. */
export type Ending = 'expired' | 'revoked' | 'unknown' | 'begun'

/** The same in words for the reader. */
export const endings: Readonly<Record<Ending, string>> = {
  expired: 'Your session has ended, as its token has. Sign in with a new one: what you missed is waiting.',
  revoked: 'Your session was taken back by whoever runs this server. A new token lets you in again.',
  unknown: 'Your session has ended. Sign in again: what you missed is waiting.',
  begun: 'This server has left dev mode: from now on it asks.',
}
