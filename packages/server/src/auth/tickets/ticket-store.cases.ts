import { afterEach, beforeEach, expect, it } from 'vitest'
import { maxTicketsPerUser, type TicketStore, tagOfTicket } from './ticket-store.ts'

/** Two nodes that give and take the same tickets; one and the same, where there is only one. */
export interface TicketNodes {
  readonly nodes: readonly [TicketStore, TicketStore]
  close(): Promise<void>
}

/** A token of a user, for tickets. */
export function tokenOf(subject: string, lifeMs = 600_000) {
  const expiresAt = Date.now() + lifeMs
  return { issuer: 'tidings', subject, tokenId: 'a', expiresAt, subscribe: ['orders/*'], publish: [] }
}

/** What every place for tickets has to do. */
export function ticketStoreContract(prepare: () => Promise<TicketNodes>): void {
  let one: TicketStore
  let other: TicketStore
  let close: () => Promise<void>

  beforeEach(async () => {
    const { nodes, ...rest } = await prepare()
    ;[one, other] = nodes
    close = rest.close
  })

  afterEach(() => close())

  it('a ticket stands for its token once, on whichever node', async () => {
    const token = tokenOf('alice')
    const { ticket, expiresAt } = await one.issue('aaaaaaaa', token)
    expect(tagOfTicket(ticket)).toBe('aaaaaaaa')
    expect(expiresAt - Date.now()).toBeGreaterThan(50_000)
    const wrong = `${ticket.slice(0, -1)}${ticket.endsWith('0') ? '1' : '0'}`
    for (const text of [wrong, ticket.slice(0, -1), `${ticket} `, 'tdt_', '']) {
      expect(await other.redeem(text)).toBeUndefined()
    }
    expect(await other.redeem(ticket)).toEqual(token)
    expect(await other.redeem(ticket)).toBeUndefined()
    expect(await one.redeem(ticket)).toBeUndefined()
  })

  it('of fifty who come with it at once to two nodes, one gets in', async () => {
    for (let turn = 0; turn < 5; turn++) {
      const { ticket } = await one.issue('aaaaaaaa', tokenOf('alice'))
      const coming = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? one : other).redeem(ticket))
      const taken = (await Promise.all(coming)).filter((token) => token !== undefined)
      expect(taken).toHaveLength(1)
    }
  })

  it('no two are alike, and there are far too many to guess', async () => {
    const issuing = Array.from({ length: 100 }, () => one.issue('aaaaaaaa', tokenOf('alice')))
    const made = (await Promise.all(issuing)).map(({ ticket }) => ticket)
    expect(new Set(made).size).toBe(100)
    for (const ticket of made) expect(36 ** ticket.split('_')[2]!.length).toBeGreaterThan(2 ** 128)
  })

  it('it ends with its token, if that is sooner', async () => {
    const token = tokenOf('alice', 1_000)
    const { ticket, expiresAt } = await one.issue('aaaaaaaa', token)
    expect(expiresAt).toBe(token.expiresAt)
    await expect.poll(() => Date.now()).toBeGreaterThan(expiresAt)
    expect(await other.redeem(ticket)).toBeUndefined()
  })

  it('one user cannot keep the others out, on all nodes together', async () => {
    const issue = (node: TicketStore) => node.issue('aaaaaaaa', tokenOf('alice'))
    const issuing = Array.from({ length: 120 }, (_, index) => issue(index % 2 === 0 ? one : other))
    const settled = await Promise.allSettled(issuing)
    const refused = settled.filter(({ status }) => status === 'rejected')
    expect(settled.length - refused.length).toBe(maxTicketsPerUser)
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'overloaded' } })
    await other.issue('bbbbbbbb', tokenOf('bob'))
  })

  it('what is spent, or over, makes room', async () => {
    for (let turn = 0; turn < 3 * maxTicketsPerUser; turn++) {
      const { ticket } = await one.issue('aaaaaaaa', tokenOf('alice'))
      expect(await other.redeem(ticket)).toBeDefined()
    }
    const short = tokenOf('alice', 2_000)
    await Promise.all(Array.from({ length: maxTicketsPerUser - 1 }, () => one.issue('aaaaaaaa', short)))
    // One that waits longer takes no room but its own.
    await one.issue('aaaaaaaa', tokenOf('alice'))
    await expect.poll(() => one.issue('aaaaaaaa', tokenOf('alice')), { timeout: 30_000 }).toBeDefined()
  })
}
