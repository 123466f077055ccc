import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireProgram } from '../../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../../tests/support/redis-server.ts'
import { readRedisAddress } from '../../../config/store-address.ts'
import { AuthLink } from '../../redis/auth-link.ts'
import { ticketStoreContract, tokenOf } from '../ticket-store.cases.ts'
import { maxTickets, maxTicketsPerUser, ticketTtlMs } from '../ticket-store.ts'
import { RedisTickets } from './redis-tickets.ts'

describe.skipIf(requireProgram('redis-server') === undefined)('tickets in Redis', () => {
  let redis: RedisServer

  beforeAll(async () => {
    redis = await RedisServer.start({ config: { appendfsync: 'no' } })
  })

  afterAll(() => redis[Symbol.asyncDispose]())

  async function openNodes() {
    const address = readRedisAddress(`${redis.url}?name=${randomUUID()}`)!
    const links = [await AuthLink.open(address, {}), await AuthLink.open(address, {})] as const
    return {
      prefix: address.prefix,
      nodes: [new RedisTickets(links[0]), new RedisTickets(links[1])] as const,
      close: async () => void (await Promise.all(links.map((link) => link.close()))),
    }
  }

  ticketStoreContract(openNodes)

  it('the ticket itself is nowhere, and what is kept goes by itself', async () => {
    const { prefix, nodes, close } = await openNodes()
    const { ticket } = await nodes[0].issue('aaaaaaaa', tokenOf('alice'))
    const keys = (await redis.command('KEYS', `${prefix}*`)) as string[]
    expect(keys).toHaveLength(3)
    for (const key of keys) {
      expect(await redis.command('PTTL', key)).toBeGreaterThan(ticketTtlMs - 10_000)
      expect(await redis.command('PTTL', key)).toBeLessThanOrEqual(ticketTtlMs)
      expect(key).not.toContain(ticket.split('_')[2])
    }
    // One that ends sooner leaves the count of the others alone.
    await nodes[1].issue('aaaaaaaa', tokenOf('alice', 30_000))
    expect(await redis.command('PTTL', `${prefix}tickets:aaaaaaaa`)).toBeGreaterThan(ticketTtlMs - 10_000)
    await nodes[1].redeem(ticket)
    expect(await redis.command('EXISTS', keys.find((key) => key.includes('ticket:'))!)).toBe(0)
    await close()
  })

  it('all users together cannot fill Redis', async () => {
    const { nodes, close } = await openNodes()
    const users = 1 + maxTickets / maxTicketsPerUser
    const issuing = Array.from({ length: users * maxTicketsPerUser }, (_, index) => {
      const user = index % users
      return nodes[index % 2]!.issue(user.toString(36).padStart(8, '0'), tokenOf(`user ${user}`))
    })
    const settled = await Promise.allSettled(issuing)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(maxTickets)
    await close()
  })

  it('while Redis is away none is given, and nobody is told that theirs is bad', async () => {
    const { nodes, close } = await openNodes()
    const { ticket } = await nodes[0].issue('aaaaaaaa', tokenOf('alice'))
    await redis.kill()
    await expect(nodes[0].issue('aaaaaaaa', tokenOf('alice'))).rejects.toMatchObject({ status: 503 })
    await expect(nodes[1].redeem(ticket)).rejects.toMatchObject({ status: 503 })
    await redis.start()
    await expect.poll(() => nodes[1].redeem(ticket).catch(() => 'away'), { timeout: 30_000 }).not.toBe('away')
    await close()
  })
})
