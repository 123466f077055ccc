import { loadScript } from '../../../redis/script.ts'
import type { AuthLink } from '../../redis/auth-link.ts'
import type { VerifiedToken } from '../../token/claims.ts'
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
} from '../ticket-store.ts'

const issueScript = loadScript(new URL('./lua/issue.lua', import.meta.url))
const redeemScript = loadScript(new URL('./lua/redeem.lua', import.meta.url))

/** Tickets in Redis: any node takes what another gave, and the bounds are those of all nodes together. */
export class RedisTickets implements TicketStore {
  readonly #link: AuthLink

  constructor(link: AuthLink) {
    this.#link = link
  }

  async issue(tag: string, token: VerifiedToken): Promise<Ticket> {
    const ticket = makeTicket(tag)
    const now = Date.now()
    const expiresAt = Math.min(now + ticketTtlMs, token.expiresAt)
    const ttl = Math.max(1, Math.ceil(expiresAt - now))
    const digest = digestOfTicket(ticket)
    const bounds = [maxTickets, maxTicketsPerUser].map(String)
    const args = [JSON.stringify(token), String(ttl), digest, ...bounds]
    if ((await this.#link.write<number>(issueScript, this.#keysOf(tag, digest), args)) === 0) {
      throw tooManyTickets()
    }
    return { ticket, expiresAt }
  }

  async redeem(ticket: string): Promise<VerifiedToken | undefined> {
    const tag = tagOfTicket(ticket)
    if (tag === undefined) return undefined
    const digest = digestOfTicket(ticket)
    const text = await this.#link.write<string | null>(redeemScript, this.#keysOf(tag, digest), [digest])
    const token = text === null ? undefined : (JSON.parse(text) as VerifiedToken)
    // Redis has a clock of its own.
    return token !== undefined && token.expiresAt > Date.now() ? token : undefined
  }

  #keysOf(tag: string, digest: string): readonly string[] {
    const { prefix } = this.#link
    return [`${prefix}ticket:${digest}`, `${prefix}tickets`, `${prefix}tickets:${tag}`]
  }
}
