import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createTidings, type Tidings, type TidingsOptions } from '../tidings.ts'
import { openAccess } from './access.ts'
import type { Identity } from './create-policy.ts'
import type { Credentials } from './policy.ts'

const secret = 'k7wVb0jzE2nQx9Lr4tYu8sPm3cHd6fGa'
const open: { tidings: Tidings; server?: Server }[] = []

afterEach(async () => {
  for (const { tidings, server } of open.splice(0)) {
    await tidings.close({ drainMs: 0 })
    server?.closeAllConnections()
    server?.close()
  }
})

async function make(auth: TidingsOptions['auth']): Promise<Tidings> {
  const tidings = await createTidings({ store: 'memory:', data: '/nonexistent/tidings', auth })
  open.push({ tidings })
  return tidings
}

/** How a stream of these topics is answered: 200, or the code of the refusal. */
async function outcome(tidings: Tidings, headers: Record<string, string>, query = ''): Promise<unknown> {
  const request = new Request(`http://app.example/events${query}`, { headers })
  try {
    const response = await tidings.respond(request)
    await response.body?.cancel()
    return response.status
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name
  }
}

/** People by the name that they say they have. */
function byName(people: Record<string, Identity>) {
  return ({ headers }: Credentials) => people[String(headers['x-name'])] ?? null
}

describe('an app that says itself who somebody is', () => {
  const people = byName({
    alice: { user: 'alice', subscribe: ['orders/*'] },
    past: { user: 'past', expiresAt: Date.now() - 1 },
    odd: { user: 'a/b' },
    never: { user: 'never', expiresAt: Number.NaN },
  })

  test('lets a user read what is theirs, what is everybody’s, and what it says', async () => {
    const tidings = await make(people)
    const alice = { 'x-name': 'alice' }
    expect(await outcome(tidings, alice)).toBe(200)
    expect(await outcome(tidings, alice, '?userId=alice&topic=orders/1')).toBe(200)
    expect(await outcome(tidings, alice, '?topic=user/bob')).toBe('forbidden')
    expect(await outcome(tidings, alice, '?topic=$metrics')).toBe('forbidden')
  })

  test('lets nobody in of whom it says null, or that their time is over', async () => {
    const tidings = await make(people)
    expect(await outcome(tidings, {})).toBe('unauthorized')
    expect(await outcome(tidings, { 'x-name': 'mallory' })).toBe('unauthorized')
    expect(await outcome(tidings, { 'x-name': 'past' })).toBe('unauthorized')
    expect(tidings.hub.presence.size).toBe(0)
  })

  test('may be asked for a while, and its own errors come out', async () => {
    const slow = await make(async (request) => people(request))
    expect(await outcome(slow, { 'x-name': 'alice' })).toBe(200)
    expect(await outcome(slow, {})).toBe('unauthorized')
    // As a look-up that finds nothing answers.
    expect(await outcome(await make(() => undefined), {})).toBe('unauthorized')
    const broken = await make(() => {
      throw new RangeError('no database')
    })
    expect(await outcome(broken, {})).toBe('RangeError')
  })

  test('cannot make a user of whom one segment is two, nor one that never ends by mistake', async () => {
    const tidings = await make(people)
    expect(await outcome(tidings, { 'x-name': 'odd' })).toBe('invalid_topic')
    expect(await outcome(tidings, { 'x-name': 'never' })).toBe('TypeError')
  })

  test('ends a stream when it said so, and says goodbye', async () => {
    const tidings = await make(() => ({ user: 'alice', expiresAt: new Date(Date.now() + 1_500) }))
    const response = await tidings.respond(new Request('http://app.example/events'))
    const began = performance.now()
    expect(await response.text()).toMatch(/event: goodbye\ndata: .*"expired"/)
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test('is asked for each request of a plain Node server too, and never for a stream that brings its rights', async () => {
    let asked = 0
    const tidings = await make((request) => {
      asked++
      return people(request)
    })
    const server = createServer((request, response) => {
      tidings.stream(request, response).catch((error) => {
        response.statusCode = error.status
        response.end()
      })
    })
    open.at(-1)!.server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const get = async (name: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/events`, { headers: { 'x-name': name } })
      await response.body?.cancel()
      return response.status
    }
    expect([await get('alice'), await get('mallory')]).toEqual([200, 401])
    const request = new Request('http://app.example/events')
    const given = await tidings.respond(request, { topics: ['user/bob'], access: openAccess })
    await given.body?.cancel()
    expect([given.status, asked]).toEqual([200, 2])
  })
})

describe('an app that leaves it to tokens', () => {
  const settings = { jwtIssuer: 'https://id.example', jwtAudience: 'push', jwtSecret: secret }

  test('lets in who shows one that counts', async () => {
    const { SignJWT } = await import('jose')
    const tidings = await make(settings)
    const sign = (key: string) =>
      new SignJWT({ tidings: { subscribe: ['orders/{sub}'] } })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('https://id.example')
        .setAudience('push')
        .setSubject('alice')
        .setExpirationTime('5m')
        .sign(new TextEncoder().encode(key))
    const good = { authorization: `Bearer ${await sign(secret)}` }
    expect(await outcome(tidings, good, '?topic=orders/alice')).toBe(200)
    expect(await outcome(tidings, good, '?topic=orders/bob')).toBe('forbidden')
    const forged = { authorization: `Bearer ${await sign([...secret].reverse().join(''))}` }
    expect(await outcome(tidings, forged)).toBe('unauthorized')
    expect(await outcome(tidings, {})).toBe('unauthorized')
  })

  test('is never open just because it is reached from its own machine: only if it says dev', async () => {
    expect(await outcome(await make({}), {})).toBe('unauthorized')
    expect(await outcome(await make({ dev: 'off' }), {})).toBe('unauthorized')
    expect(await outcome(await make({ dev: 'on' }), {})).toBe(200)
  })

  test('does not start with a secret that can be guessed', async () => {
    await expect(make({ ...settings, jwtSecret: 'secret' })).rejects.toThrow('is shorter than')
    await expect(make({ ...settings, jwtSecret: 'a'.repeat(64) })).rejects.toThrow('repeats few characters')
  })
})
