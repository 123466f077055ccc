import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tidings } from '../cli/cli-process.ts'
import { readPage } from '../client/snippets.ts'
import { makeCertificate, writeCertificate } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { getText } from '../support/get-text.ts'
import { requireProgram } from '../support/programs.ts'
import { Publisher } from '../support/publisher.ts'
import { RedisServer } from '../support/redis-server.ts'
import { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'

/** With everything in it that has a meaning of its own in an address. */
const password = 's3cret/#?@%: word'
const encoded = encodeURIComponent(password)

/** A key that the command line has made opens a node within so long, in milliseconds. */
const knownMs = 15_000

describe.skipIf(requireProgram('redis-server') === undefined)('a Redis that asks who comes', () => {
  let folder: TempFolder
  let redis: RedisServer
  let tlsPort: number
  let authority: string

  beforeAll(async () => {
    folder = await tempFolder()
    const { tlsCert, tlsKey } = await writeCertificate(folder.path, makeCertificate())
    authority = tlsCert
    tlsPort = await freePort()
    redis = await RedisServer.start({
      config: {
        'tls-port': String(tlsPort),
        'tls-cert-file': tlsCert,
        'tls-key-file': tlsKey,
        'tls-ca-cert-file': tlsCert,
        'tls-auth-clients': 'no',
      },
    })
    await redis.command(...(await userOfThePage()))
  })

  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  it('over TLS, and with a user who may do only what docs/cluster.md lists, carries two nodes and all that they share', async () => {
    const store = `rediss://tidings:${encoded}@localhost:${tlsPort}`
    const env = { NODE_EXTRA_CA_CERTS: authority }
    await redis.command('ACL', 'LOG', 'RESET')
    await using one = await ServerProcess.start({ settings: { store, dev: 'on' }, env })
    await using two = await ServerProcess.start({ settings: { store, dev: 'on' }, env })
    using reader = await SseReader.open({ port: two.port, topics: ['orders/*'] })
    using publisher = new Publisher({ port: [one.port, two.port], name: 'publisher' })
    // More of one topic than its short index takes.
    const batch = Array.from({ length: 150 }, () => ({ topic: 'orders/1' }))
    expect(await publisher.publish(...batch)).toMatchObject({ kind: 'acknowledged' })
    expect(await publisher.publish({ topic: 'orders/2' })).toMatchObject({ kind: 'acknowledged' })
    await reader.hasReceived(151)
    expect((await getText(`${one.url}/api/events?topic=orders/*&order=desc`)).status).toBe(200)
    await until('the nodes to know of each other', async () => {
      return JSON.parse((await getText(`${one.url}/api/stats`)).text).nodes.length === 2
    })
    const { token } = await post(one, '/api/tokens', { user: 'alice' })
    const authorization = `Bearer ${token}`
    const { ticket } = await post(one, '/api/tickets', undefined, { authorization })
    using redeemed = await SseReader.open({ port: two.port, topics: [], query: { ticket: ticket! } })
    expect(redeemed.head?.status).toBe(200)
    // A busy machine may keep the other node from counting in time, and from looking before it is asked.
    expect((await post(one, '/api/admin/revoke', { user: 'alice' })).ended).toBeLessThanOrEqual(1)
    await redeemed.hasBlock('goodbye')
    expect(redeemed.goodbye).toContain('"revoked"')
    await until('the token to count no longer', async () => {
      const { status, body } = await fetch(`${two.url}/events`, { headers: { authorization } })
      await body?.cancel()
      return status === 401
    })
    const made = await tidings(['keys', 'create', '--name', 'reader', '--admin', '**'], {
      env: { ...env, TIDINGS_STORE: store },
    })
    expect(made.code, made.stderr).toBe(0)
    const headers = { authorization: `Bearer ${made.stdout.trim()}` }
    await until(
      'the key to open a node',
      async () => (await getText(`${two.url}/api/stats`, headers)).status === 200,
      { timeoutMs: knownMs },
    )
    await post(one, '/api/admin/rotate', undefined, headers)
    await reader.hasBlock('gap')
    expect(await redis.command('ACL', 'LOG')).toEqual([])
    expect(one.output + two.output).not.toContain('s3cret')
  })

  it('with a certificate that nobody vouches for is waited for, and the log says how to vouch for it', async () => {
    const store = `rediss://tidings:${encoded}@localhost:${tlsPort}`
    await using server = await ServerProcess.prepare({ settings: { store } })
    server.launch()
    await until('the remedy', () => server.output.includes('NODE_EXTRA_CA_CERTS'))
    const answer = await until('it to answer', async () => getText(`${server.url}/readyz`))
    expect(answer.status).toBe(503)
    expect(server.output).toContain(
      `rediss://localhost:${tlsPort} cannot be reached: self-signed certificate; `,
    )
    expect(server.output).not.toContain('s3cret')
  })

  it.each([
    [
      'a wrong password',
      () => `redis://tidings:s3cret@127.0.0.1:${redis.port}`,
      66,
      'Check user and password',
    ],
    ['a user who may too little', () => `redis://poor:s3cret@127.0.0.1:${redis.port}`, 66, 'ACL SETUSER'],
    ['a database that is not there', () => `redis://127.0.0.1:${redis.port}/99`, 66, '?name=LOG'],
    [
      'a password as it is',
      () => `redis://tidings:${password}@127.0.0.1:${redis.port}`,
      78,
      'percent-encoded',
    ],
  ])('%s ends the start with the remedy, and shows no password', async (_, store, code, remedy) => {
    await redis.command('ACL', 'SETUSER', 'poor', 'on', '>s3cret', '~*', '-@all', '+get')
    await using server = await ServerProcess.prepare({ settings: { store: store() } })
    server.launch()
    expect(await server.ended).toMatchObject({ code })
    expect(server.output).toContain(remedy)
    expect(server.output).not.toContain('s3cret')
  })
})

/** The command that makes the user, as the page has it. */
async function userOfThePage(): Promise<readonly string[]> {
  const [line] = /ACL SETUSER .*/.exec(await readPage('docs/cluster.md'))!
  return line.split(' ').map((word) => word.replace('PASSWORD', password))
}

async function post(
  { url }: ServerProcess,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const type = body === undefined ? undefined : { 'content-type': 'application/json' }
  const init = { method: 'POST', headers: { ...headers, ...type } }
  const answer = await fetch(url + path, body === undefined ? init : { ...init, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${text}`)
  return JSON.parse(text)
}
