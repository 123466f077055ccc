import { hash } from 'node:crypto'
import { randomBase36, TidingsError } from '@tidings/protocol'
import type { VerifiedToken } from '../token/claims.ts'

/** How long a ticket waits to be used, in milliseconds: a page uses it at once. */
export const ticketTtlMs = 60_000

/** Tickets that may wait at once. Some megabytes; whoever wants more is not opening streams. */
export const maxTickets = 10_000

/** Tickets of one user that may wait at once: all their tabs and devices, and no room for keeping others out. */
export const maxTicketsPerUser = 100

/** `tdt_<tag of the user>_<random>`: 40 digits of base 36 are 206 bits. */
const form = /^tdt_([0-9a-z]{8})_[0-9a-z]{40}$/

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
export interface TicketStore {
  /**
   * Makes a ticket.
   * @param tag names the user in it, to nobody but us.
   * @throws TidingsError `overloaded` if too many are waiting, `storage_unavailable` or `storage_unanswered`.
   */
  issue(tag: string, token: VerifiedToken): Promise<Ticket>
  /**
   * Takes a ticket for what it stands for; `undefined` if it is unknown, spent or too old. Of many who come with it,
   * one gets it, whichever node they come to.
   * @throws TidingsError `storage_unavailable`, or `storage_unanswered` if it may be spent.
   */
  redeem(ticket: string): Promise<VerifiedToken | undefined>
}

/** Makes the text of a ticket. */
export function makeTicket(tag: string): string {
  return `tdt_${tag}_${randomBase36(40)}`
}

/** The tag in a ticket, spent or not; `undefined` if it is none. */
export function tagOfTicket(ticket: string): string | undefined {
  return form.exec(ticket)?.[1]
}

/** Under what a ticket is kept. */
export function digestOfTicket(ticket: string): string {
  return hash('sha256', ticket, 'base64url')
}

/** The refusal of one ticket more. */
export function tooManyTickets(): TidingsError {
  return new TidingsError('overloaded', 'Too many tickets are waiting to be used; try again in a minute.')
}
