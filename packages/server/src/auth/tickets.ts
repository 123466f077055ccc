import { hash } from 'node:crypto'
import { randomBase36, TidingsError } from '@tidings/protocol'
import type { VerifiedToken } from './token/claims.ts'

/** How long a ticket waits to be used, in milliseconds: a page uses it at once. */
const ticketTtlMs = 60_000

/** Tickets that may wait at once. Some megabytes; whoever wants more is not opening streams. */
const maxTickets = 10_000

/** `tdt_<tag of the user>_<random>`: 40 digits of base 36 are 206 bits. */
const form = /^tdt_([0-9a-z]{8})_[0-9a-z]{40}$/

/** Tickets of one user that may wait at once: all their tabs and devices, and no room for keeping others out. */
const maxTicketsPerUser = 100

interface Waiting {
  readonly tag: string
  readonly token: VerifiedToken
  readonly expiresAt: number
}

/** A ticket as it is handed out. */
export interface Ticket {
  readonly ticket: string
  /** In milliseconds since the epoch. */
  readonly expiresAt: number
}

/**
 * Tickets: what a native EventSource shows in place of a header that it cannot send. A URL ends up in logs and
 * histories, so a ticket opens one stream, once, soon, and is then worth nothing. Only its digest is kept.
 */
export class Tickets {
  readonly #waiting = new Map<string, Waiting>()
  readonly #perUser = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /**
   * Makes a ticket.
   * @param tag names the user in it, to nobody but us.
   * @throws TidingsError `overloaded` if too many are waiting.
   */
  issue(tag: string, token: VerifiedToken): Ticket {
    this.#forgetOld()
    const ofUser = this.#perUser.get(tag) ?? 0
    if (this.#waiting.size >= maxTickets || ofUser >= maxTicketsPerUser) {
      throw new TidingsError('overloaded', 'Too many tickets are waiting to be used; try again in a minute.')
    }
    const ticket = `tdt_${tag}_${randomBase36(40)}`
    const expiresAt = Math.min(this.#now() + ticketTtlMs, token.expiresAt)
    this.#waiting.set(digestOf(ticket), { tag, token, expiresAt })
    this.#perUser.set(tag, ofUser + 1)
    return { ticket, expiresAt }
  }

  /** Takes a ticket for what it stands for; `undefined` if it is unknown, spent or too old. */
  redeem(ticket: string): VerifiedToken | undefined {
    if (!form.test(ticket)) return undefined
    const digest = digestOf(ticket)
    const waiting = this.#waiting.get(digest)
    if (waiting === undefined) return undefined
    // In the same moment in which it is found: of two who come with it, one is first.
    this.#forget(digest, waiting)
    return waiting.expiresAt > this.#now() ? waiting.token : undefined
  }

  /** They were put in in the order in which they end, nearly: whatever ends sooner waits for one that was before it. */
  #forgetOld(): void {
    const now = this.#now()
    for (const [digest, waiting] of this.#waiting) {
      if (waiting.expiresAt > now) return
      this.#forget(digest, waiting)
    }
  }

  #forget(digest: string, { tag }: Waiting): void {
    this.#waiting.delete(digest)
    const left = (this.#perUser.get(tag) ?? 1) - 1
    if (left === 0) this.#perUser.delete(tag)
    else this.#perUser.set(tag, left)
  }
}

/** The tag in a ticket, spent or not; `undefined` if it is none. */
export function tagOfTicket(ticket: string): string | undefined {
  return form.exec(ticket)?.[1]
}

function digestOf(ticket: string): string {
  return hash('sha256', ticket, 'base64url')
}
