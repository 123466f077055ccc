import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { resolveSettings } from '../config/settings.ts'
import { type Authenticator, openAuthenticator } from './authenticator.ts'

const path = '/events'
let data: string
let auth: Authenticator

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'tidings-authenticator-'))
  auth = await openAuthenticator(resolveSettings({ data, dev: 'off' }))
})

afterEach(async () => {
  await auth.close()
  await rm(data, { recursive: true })
})

async function tokenOf(user: string, subscribe: string[] = []): Promise<string> {
  const expiresAt = Date.now() + 60_000
  return auth.own.mint('user', { subject: user, expiresAt, subscribe, publish: [] })
}

async function ticketOf(user: string): Promise<string> {
  const authorization = `Bearer ${await tokenOf(user)}`
  return (await auth.issueTicket({ headers: { authorization }, url: '/api/tickets', method: 'POST' })).ticket
}

/** The browser's own reconnect: the spent ticket again, and the cookie that came with it. */
async function comeBack(ticket: string, setCookie: string | undefined) {
  const headers = { cookie: setCookie!.split(';', 1)[0]!, 'sec-fetch-site': 'same-origin' }
  return auth.admitStream({ headers, url: path }, ticket, path)
}

describe('a browser that comes back with a spent ticket and its cookie', () => {
  it('is let in again and again, also after the secret was exchanged', async () => {
    const ticket = await ticketOf('alice')
    let admission = await auth.admitStream({ headers: {}, url: path }, ticket, path)
    const name = admission.setCookie!.split('=', 1)[0]
    for (let round = 0; round < 3; round++) {
      admission = await comeBack(ticket, admission.setCookie)
      expect(admission.access.user).toBe('alice')
      // Under the same name: it is the URL's ticket that says which cookie is looked for.
      expect(admission.setCookie!.split('=', 1)[0]).toBe(name)
      await auth.store.rotateSecret()
    }
  })

  it('is not let in with the cookie of another user, also under the name of the ticket', async () => {
    const [alice, bob] = [await ticketOf('alice'), await ticketOf('bob')]
    await auth.admitStream({ headers: {}, url: path }, alice, path)
    const { setCookie } = await auth.admitStream({ headers: {}, url: path }, bob, path)
    await expect(comeBack(alice, setCookie)).rejects.toMatchObject({ code: 'unauthorized' })
    const renamed = setCookie!.replace(/^[^=]*/, `__Secure-tidings-${alice.split('_')[1]}`)
    await expect(comeBack(alice, renamed)).rejects.toMatchObject({ code: 'unauthorized' })
  })
})

it('a session that would not fit into a cookie is refused with a word on it, as browsers drop it without one', async () => {
  const subscribe = Array.from({ length: 60 }, (_, index) => `orders/${index}/`.padEnd(80, 'x'))
  const authorization = `Bearer ${await tokenOf('alice', subscribe)}`
  expect((await auth.userOf({ headers: { authorization }, url: '' })).subscribe).toHaveLength(60)
  await expect(auth.openSession(authorization)).rejects.toMatchObject({
    code: 'invalid_field',
    message: expect.stringContaining('in the header'),
  })
})
