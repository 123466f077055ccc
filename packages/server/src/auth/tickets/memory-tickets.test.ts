import { describe, expect, test } from 'vitest'
import { MemoryTickets } from './memory-tickets.ts'
import { ticketStoreContract } from './ticket-store.cases.ts'
import { maxTickets, maxTicketsPerUser } from './ticket-store.ts'

const minute = 60_000

function tokenOf(subject: string, expiresAt = Number.POSITIVE_INFINITY) {
  return { issuer: 'tidings', subject, expiresAt, subscribe: [], publish: [] }
}

describe('tickets in memory', () => {
  ticketStoreContract(async () => {
    const tickets = new MemoryTickets()
    return { nodes: [tickets, tickets], close: async () => {} }
  })
})

test('a minute later it is worth nothing, and sooner if its token ends sooner', async () => {
  let now = 0
  const tickets = new MemoryTickets(() => now)
  const long = await tickets.issue('aaaaaaaa', tokenOf('alice'))
  const late = await tickets.issue('aaaaaaaa', tokenOf('alice'))
  const short = await tickets.issue('aaaaaaaa', tokenOf('alice', 1_000))
  expect([long.expiresAt, short.expiresAt]).toEqual([minute, 1_000])
  now = 1_000
  expect(await tickets.redeem(short.ticket)).toBeUndefined()
  now = minute - 1
  expect(await tickets.redeem(long.ticket)).toBeDefined()
  now = minute
  expect(await tickets.redeem(late.ticket)).toBeUndefined()
})

test('all users together cannot fill the memory, and a minute later there is room again', async () => {
  let now = 0
  const tickets = new MemoryTickets(() => now)
  const issue = (user: number) => tickets.issue(user.toString(36).padStart(8, '0'), tokenOf(`user ${user}`))
  const fill = async (user: number) => {
    let count = 0
    try {
      for (; count < 1_000; count++) await issue(user)
    } catch (error) {
      expect(error).toMatchObject({ code: 'overloaded' })
    }
    return count
  }
  let all = 0
  for (let user = 0; user < 200; user++) all += await fill(user)
  expect(all).toBe(maxTickets)
  now = minute
  expect(await fill(0)).toBe(maxTicketsPerUser)
})
