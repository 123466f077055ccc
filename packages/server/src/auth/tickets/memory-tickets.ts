import type { VerifiedToken } from '../token/claims.ts'
import {
  digestOfTicket,
  makeTicket,
  maxTickets,
  maxTicketsPerUser,
  type Ticket,
  type TicketStore,
  tagOfTicket,
  ticketTtlMs,
  tooManyTickets,
} from './ticket-store.ts'

interface Waiting {
  readonly tag: string
  readonly token: VerifiedToken
  readonly expiresAt: number
}

/** The tickets of a server that has its log to itself. */
export class MemoryTickets implements TicketStore {
  readonly #waiting = new Map<string, Waiting>()
  readonly #perUser = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  async issue(tag: string, token: VerifiedToken): Promise<Ticket> {
    this.#forgetOld()
    const ofUser = this.#perUser.get(tag) ?? 0
    if (this.#waiting.size >= maxTickets || ofUser >= maxTicketsPerUser) throw tooManyTickets()
    const ticket = makeTicket(tag)
    const expiresAt = Math.min(this.#now() + ticketTtlMs, token.expiresAt)
    this.#waiting.set(digestOfTicket(ticket), { tag, token, expiresAt })
    this.#perUser.set(tag, ofUser + 1)
    return { ticket, expiresAt }
  }

  async redeem(ticket: string): Promise<VerifiedToken | undefined> {
    if (tagOfTicket(ticket) === undefined) return undefined
    const digest = digestOfTicket(ticket)
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
