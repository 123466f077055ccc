import { expect, test } from 'vitest'
import { Tickets, tagOfTicket } from './tickets.ts'

const minute = 60_000

function tokenOf(subject: string, expiresAt = Number.POSITIVE_INFINITY) {
  return { issuer: 'tidings', subject, expiresAt, subscribe: [], publish: [] }
}

test('a ticket stands for its token once', () => {
  const tickets = new Tickets()
  const { ticket } = tickets.issue('aaaaaaaa', tokenOf('alice'))
  expect(tagOfTicket(ticket)).toBe('aaaaaaaa')
  expect(tickets.redeem(`${ticket.slice(0, -1)}${ticket.endsWith('0') ? '1' : '0'}`)).toBeUndefined()
  expect(tickets.redeem(ticket)?.subject).toBe('alice')
  expect(tickets.redeem(ticket)).toBeUndefined()
})

test('no two are alike, and there are far too many to guess', () => {
  const tickets = new Tickets()
  const made = Array.from({ length: 100 }, () => tickets.issue('aaaaaaaa', tokenOf('alice')).ticket)
  expect(new Set(made).size).toBe(100)
  for (const ticket of made) expect(36 ** ticket.split('_')[2]!.length).toBeGreaterThan(2 ** 128)
})

test('a minute later it is worth nothing, and sooner if its token ends sooner', () => {
  let now = 0
  const tickets = new Tickets(() => now)
  const long = tickets.issue('aaaaaaaa', tokenOf('alice'))
  const late = tickets.issue('aaaaaaaa', tokenOf('alice'))
  const short = tickets.issue('aaaaaaaa', tokenOf('alice', 1_000))
  expect([long.expiresAt, short.expiresAt]).toEqual([minute, 1_000])
  now = 1_000
  expect(tickets.redeem(short.ticket)).toBeUndefined()
  now = minute - 1
  expect(tickets.redeem(long.ticket)).toBeDefined()
  now = minute
  expect(tickets.redeem(late.ticket)).toBeUndefined()
})

test('one user cannot keep the others out, and all together cannot fill the memory', () => {
  let now = 0
  const tickets = new Tickets(() => now)
  const issue = (user: number) => tickets.issue(user.toString(36).padStart(8, '0'), tokenOf(`user ${user}`))
  const fill = (user: number, most: number) => {
    let count = 0
    try {
      for (; count < most; count++) issue(user)
    } catch (error) {
      expect(error).toMatchObject({ code: 'overloaded' })
    }
    return count
  }
  const ofOne = fill(0, 1_000)
  expect(ofOne).toBe(100)
  let all = ofOne
  for (let user = 1; user < 1_000; user++) all += fill(user, 100)
  expect(all).toBe(10_000)
  now = minute
  expect(fill(0, 1_000)).toBe(100)
})

test('what is spent makes room', () => {
  const tickets = new Tickets()
  for (let turn = 0; turn < 1_000; turn++) {
    const { ticket } = tickets.issue('aaaaaaaa', tokenOf('alice'))
    expect(tickets.redeem(ticket)).toBeDefined()
  }
})
