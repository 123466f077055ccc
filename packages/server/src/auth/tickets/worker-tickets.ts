import type { Channel } from '../../channel/channel.ts'
import type { VerifiedToken } from '../token/claims.ts'
import type { Ticket, TicketStore } from './ticket-store.ts'

/** What questions about tickets are called on the channel between a worker and the process that has started it. */
const ticketQuestion = 'ticket'

type TicketRequest =
  | { readonly kind: 'issue'; readonly tag: string; readonly token: VerifiedToken }
  | { readonly kind: 'redeem'; readonly ticket: string }

/** Tickets that the process at the other end keeps for all workers: each is spent once, wherever it is shown. */
export class WorkerTickets implements TicketStore {
  readonly #channel: Channel

  constructor(channel: Channel) {
    this.#channel = channel
  }

  issue(tag: string, token: VerifiedToken): Promise<Ticket> {
    return this.#channel.ask(ticketQuestion, { kind: 'issue', tag, token } satisfies TicketRequest)
  }

  redeem(ticket: string): Promise<VerifiedToken | undefined> {
    return this.#channel.ask(ticketQuestion, { kind: 'redeem', ticket } satisfies TicketRequest)
  }
}

/** Keeps tickets for a worker. */
export function serveTickets(tickets: TicketStore, channel: Channel): void {
  channel.answer(ticketQuestion, (request: TicketRequest) =>
    request.kind === 'issue' ? tickets.issue(request.tag, request.token) : tickets.redeem(request.ticket),
  )
}
