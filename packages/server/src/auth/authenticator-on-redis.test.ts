import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireProgram } from '../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../tests/support/redis-server.ts'
import { resolveSettings } from '../config/settings.ts'
import { type Authenticator, openAuthenticator } from './authenticator.ts'

const path = '/events'
const patience = { timeout: 30_000, interval: 20 }
const none = { publish: [], subscribe: [], notify: [], admin: [] }

describe.skipIf(requireProgram('redis-server') === undefined)('two nodes on one Redis', () => {
  let redis: RedisServer
  let one: Authenticator
  let other: Authenticator

  beforeEach(async () => {
    redis = await RedisServer.start()
    one = await open()
    other = await open()
  })

  afterEach(async () => {
    await Promise.all([one.close(), other.close()])
    await redis[Symbol.asyncDispose]()
  })

  function open(): Promise<Authenticator> {
    return openAuthenticator(resolveSettings({ data: '/nowhere', store: redis.url }))
  }

  function bearer(shown: string) {
    return { headers: { authorization: `Bearer ${shown}` }, url: path }
  }

  function mint(subject: string): Promise<string> {
    return one.own.mint('user', { subject, expiresAt: Date.now() + 60_000, subscribe: [], publish: [] })
  }

  /** The browser's own reconnect: the spent ticket again, and the cookie that came with it. */
  function comeBack(node: Authenticator, ticket: string, setCookie: string | undefined) {
    const headers = { cookie: setCookie!.split(';', 1)[0]!, 'sec-fetch-site': 'same-origin' }
    return node.admitStream({ headers, url: path }, ticket, path)
  }

  it('what one has made, the other believes at once: a key, a token, a session, a ticket, its cookie', async () => {
    const { key, secret } = await one.store.createKey({ name: 'ci', grants: none })
    expect((await other.admit(bearer(secret))).caller).toBe(`key ${key.id}`)
    const token = await mint('alice')
    expect((await other.admit(bearer(token))).user).toBe('alice')
    const { setCookie } = await one.openSession(`Bearer ${token}`)
    const cookie = setCookie.split(';', 1)[0]!
    const inBrowser = { headers: { cookie, 'sec-fetch-site': 'same-origin' }, url: path }
    expect((await other.admit(inBrowser)).user).toBe('alice')
    const { ticket } = await one.issueTicket(bearer(token))
    const admission = await other.admitStream({ headers: {}, url: path }, ticket, path)
    expect(admission.access.user).toBe('alice')
    await expect(one.admitStream({ headers: {}, url: path }, ticket, path)).rejects.toMatchObject({
      code: 'unauthorized',
    })
    expect((await comeBack(one, ticket, admission.setCookie)).access.user).toBe('alice')
  })

  it('while Redis is away whoever is known is let in, and of nobody is it said that they are not', async () => {
    const { secret } = await one.store.createKey({ name: 'ci', grants: none })
    const token = await mint('alice')
    const { ticket } = await one.issueTicket(bearer(token))
    const { setCookie } = await one.admitStream({ headers: {}, url: path }, ticket, path)
    await other.admit(bearer(token))
    await other.store.lookAgain()
    await redis.kill()
    await expect
      .poll(() => other.store.lookAgain().catch(({ code }) => code), patience)
      .toBe('storage_unavailable')
    expect(other.admit(bearer(secret))).not.toBeInstanceOf(Promise)
    expect((await other.admit(bearer(token))).user).toBe('alice')
    expect((await comeBack(other, ticket, setCookie)).access.user).toBe('alice')
    const unavailable = { code: 'storage_unavailable' }
    // It may have been made in the meantime, where this node cannot look.
    const unknown = `${secret.slice(0, 4)}${'0'.repeat(12)}${secret.slice(16)}`
    await expect(other.admit(bearer(unknown))).rejects.toMatchObject(unavailable)
    await expect(other.issueTicket(bearer(token))).rejects.toMatchObject(unavailable)
    await redis.start()
    await expect
      .poll(
        () =>
          other.store.lookAgain().then(
            () => 'back',
            () => 'away',
          ),
        patience,
      )
      .toBe('back')
    await expect(other.admit(bearer(unknown))).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('dev mode ends on both with the first key, and does not come back with an empty Redis', async () => {
    expect([one.mode, other.mode]).toEqual(['dev', 'dev'])
    const access = await other.admit({ headers: {}, url: path })
    let isLost = false
    other.onRevoked((hasLost) => {
      isLost = hasLost(access)
    })
    const { key } = await one.store.createKey({ name: 'first', grants: none })
    await expect
      .poll(() => [one.mode, other.mode, isLost], patience)
      .toEqual(['production', 'production', true])
    await redis.flush()
    await expect.poll(() => other.store.isRevoked({ keyId: key.id }), patience).toBe(true)
    expect([one.mode, other.mode]).toEqual(['production', 'production'])
    const later = await open()
    await expect.poll(() => later.mode, patience).toBe('production')
    await later.close()
  })
})
