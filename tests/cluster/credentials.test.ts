import { describe, expect, it } from 'vitest'
import { tidings } from '../cli/cli-process.ts'
import { requireProgram } from '../support/programs.ts'
import type { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'
import { Cluster } from './cluster.ts'

/** How long anything that was taken back may go on anywhere, in milliseconds: a second, on a machine that has no other work. */
const bound = 10_000

/** Two nodes that ask everybody who they are, and keys that the command line has made. */
class GuardedCluster implements AsyncDisposable {
  readonly cluster: Cluster
  readonly operator: string

  static async start(): Promise<GuardedCluster> {
    const cluster = await Cluster.start({ nodes: 2, settings: { dev: 'off' } })
    const everything = ['--admin', '**', '--publish', '**', '--subscribe', '**']
    const guarded = new GuardedCluster(cluster, await makeKey(cluster, 'operator', ...everything))
    await guarded.areKnowing(guarded.operator, '/api/stats')
    return guarded
  }

  private constructor(cluster: Cluster, operator: string) {
    this.cluster = cluster
    this.operator = operator
  }

  ask(node: number, path: string, shown: string, body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${shown}`, 'content-type': 'application/json' }
    const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
    return fetch(`${this.cluster.node(node).server.url}${path}`, init)
  }

  /** Waits until all nodes know a key, by asking for something that it opens. */
  async areKnowing(key: string, path: string): Promise<void> {
    await until('all nodes to know the key', async () => {
      const statuses = await Promise.all(
        [0, 1].map(async (node) => {
          const { status, body } = await this.ask(node, path, key)
          await body?.cancel()
          return status
        }),
      )
      return statuses.every((status) => status === 200)
    })
  }

  async tokenOf(user: string, node = 0): Promise<string> {
    const answer = await this.ask(node, '/api/tokens', this.operator, { user })
    return ((await answer.json()) as { token: string }).token
  }

  /** A stream on each node. */
  follow(shown: string, topic: string): Promise<SseReader[]> {
    const headers = { authorization: `Bearer ${shown}` }
    return Promise.all(
      [0, 1].map((first) => this.cluster.reader([topic], { first, headers, reconnect: 'never' })),
    )
  }

  /** Waits until all of these were told that it is over, and how long after `begun` that was. */
  async areCut(readers: readonly SseReader[], begun: number): Promise<number> {
    const isOver = ({ goodbye, ends }: SseReader) => goodbye?.includes('"revoked"') && ends.length === 1
    await until('the streams to be cut', () => readers.every(isOver))
    return Math.max(...readers.flatMap(({ ends }) => ends)) - begun
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]()
  }
}

async function makeKey({ redis }: Cluster, name: string, ...grants: string[]): Promise<string> {
  const made = await tidings(['keys', 'create', '--store', redis.url, '--name', name, ...grants])
  expect(made).toMatchObject({ code: 0 })
  return made.stdout.trim()
}

describe.skipIf(requireProgram('redis-server') === undefined)('who may, on several nodes', () => {
  it('a token, a session and a ticket of one node count on the other', async () => {
    await using guarded = await GuardedCluster.start()
    const token = await guarded.tokenOf('alice')
    expect((await guarded.ask(1, '/events/alice', token)).status).toBe(200)
    const session = await guarded.ask(0, '/api/session', token, {})
    const cookie = session.headers.get('set-cookie')!.split(';', 1)[0]!
    const there = guarded.cluster.node(1).server.url
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    const known = await fetch(`${there}/api/session`, { headers })
    expect(await known.json()).toMatchObject({ user: 'alice', mode: 'production' })
    const { ticket } = (await (await guarded.ask(0, '/api/tickets', token, {})).json()) as { ticket: string }
    const opened = await fetch(`${there}/events/alice?ticket=${ticket}`)
    expect(opened.status).toBe(200)
    const back = {
      cookie: opened.headers.get('set-cookie')!.split(';', 1)[0]!,
      'sec-fetch-site': 'same-origin',
    }
    const here = `${guarded.cluster.node(0).server.url}/events/alice?ticket=${ticket}`
    expect((await fetch(here)).status).toBe(401)
    expect((await fetch(here, { headers: back })).status).toBe(200)
  })

  it('of fifty who come to two nodes with one ticket, one gets in', async () => {
    await using guarded = await GuardedCluster.start()
    const token = await guarded.tokenOf('alice')
    const { ticket } = (await (await guarded.ask(0, '/api/tickets', token, {})).json()) as { ticket: string }
    const aborting = new AbortController()
    const coming = Array.from({ length: 50 }, (_, index) => {
      const { url } = guarded.cluster.node(index % 2).server
      return fetch(`${url}/events/alice?ticket=${ticket}`, { signal: aborting.signal })
    })
    const statuses = (await Promise.all(coming)).map(({ status }) => status)
    aborting.abort()
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 401)).toHaveLength(49)
  })

  it('a user who is shut out on one node is gone from all within a second, and stays out', async () => {
    await using guarded = await GuardedCluster.start()
    const token = await guarded.tokenOf('alice')
    const readers = await guarded.follow(token, 'user/alice')
    const others = await guarded.follow(await guarded.tokenOf('bob'), 'user/bob')
    const begun = performance.now()
    const answer = await guarded.ask(0, '/api/admin/revoke', guarded.operator, { user: 'alice' })
    expect(answer.status).toBe(200)
    expect(await guarded.areCut(readers, begun)).toBeLessThan(bound)
    for (const node of [0, 1]) {
      const isOut = async () => (await guarded.ask(node, '/events/alice', token)).status === 401
      await until('the token to count no longer', isOut, { timeoutMs: bound })
    }
    const newer = await guarded.tokenOf('alice', 1)
    for (const node of [0, 1]) expect((await guarded.ask(node, '/events/alice', newer)).status).toBe(200)
    for (const reader of others) expect(reader.ends).toEqual([])
    for (const reader of [...readers, ...others]) reader.close()
  })

  it('a key that the command line revokes is cut on all nodes within a second', async () => {
    await using guarded = await GuardedCluster.start()
    const { cluster } = guarded
    const key = await makeKey(cluster, 'reader', '--subscribe', 'news')
    await guarded.areKnowing(key, '/api/events?topic=news')
    const readers = await guarded.follow(key, 'news')
    const begun = performance.now()
    const env = { TIDINGS_STORE: cluster.redis.url }
    const revoked = await tidings(['keys', 'revoke', 'reader'], { env })
    expect(revoked).toMatchObject({ code: 0, stderr: expect.stringContaining('revoked the key "reader"') })
    const done = performance.now()
    await guarded.areCut(readers, begun)
    // The command takes its time to end; what counts is when it had done it.
    expect(Math.max(...readers.flatMap(({ ends }) => ends)) - done).toBeLessThan(bound)
    for (const node of [0, 1]) {
      expect((await guarded.ask(node, '/events?topic=news', key)).status).toBe(401)
    }
    const listed = await tidings(['keys', 'list', '--store', cluster.redis.url])
    expect(listed.stdout).toMatch(/reader +revoked/)
    for (const reader of readers) reader.close()
  })

  it('a node that cannot reach Redis hears of a revocation as soon as it can', async () => {
    await using guarded = await GuardedCluster.start()
    const { cluster } = guarded
    const token = await guarded.tokenOf('alice')
    const readers = await guarded.follow(token, 'user/alice')
    const [here, away] = readers
    cluster.node(1).road.refuse()
    await until('the node to notice', async () => (await cluster.readiness(1)).status === 503)
    const answer = await guarded.ask(0, '/api/admin/revoke', guarded.operator, { user: 'alice' })
    expect(answer.status).toBe(200)
    await guarded.areCut([here!], 0)
    // It cannot know: what it knew goes on counting.
    expect(away!.ends).toEqual([])
    cluster.node(1).road.open()
    await guarded.areCut([away!], 0)
    expect((await guarded.ask(1, '/events/alice', token)).status).toBe(401)
    for (const reader of readers) reader.close()
  })

  it('a revocation that cannot be stored is refused, and ends nothing anywhere', async () => {
    await using guarded = await GuardedCluster.start()
    const { cluster } = guarded
    const token = await guarded.tokenOf('alice')
    const readers = await guarded.follow(token, 'user/alice')
    cluster.node(0).road.refuse()
    await until('the node to notice', async () => (await cluster.readiness(0)).status === 503)
    const answer = await guarded.ask(0, '/api/admin/revoke', guarded.operator, { user: 'alice' })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      503,
      'storage_unavailable',
    ])
    cluster.node(0).road.open()
    await cluster.isReady()
    const published = await guarded.ask(1, '/api/events', guarded.operator, {
      topic: 'user/alice',
      text: 'hello',
    })
    expect(published.status).toBe(201)
    await until('both streams to get it', () => readers.every(({ data }) => data.includes('hello')))
    for (const reader of readers) expect([reader.goodbye, reader.ends]).toEqual([undefined, []])
    for (const node of [0, 1]) expect((await guarded.ask(node, '/events/alice', token)).status).toBe(200)
    for (const reader of readers) reader.close()
  })

  it('two commands that need the first secret at once make one, and every node believes what it signed', async () => {
    await using cluster = await Cluster.start({ nodes: 2, settings: { dev: 'off' } })
    const users = ['alice', 'bob', 'carol']
    const made = await Promise.all(
      users.map((user) => tidings(['token', '--store', cluster.redis.url, '--user', user])),
    )
    for (const [index, { code, stdout }] of made.entries()) {
      expect(code).toBe(0)
      const headers = { authorization: `Bearer ${stdout.trim()}` }
      for (const node of [0, 1]) {
        const { url } = cluster.node(node).server
        expect((await fetch(`${url}/events/${users[index]}`, { headers })).status).toBe(200)
      }
    }
  })

  it('a Redis that was restored from a backup lets nobody in again who was shut out', async () => {
    await using guarded = await GuardedCluster.start()
    const { cluster } = guarded
    const token = await guarded.tokenOf('alice')
    const copy = `${cluster.redis.folder}-copy`
    await cluster.redis.stop()
    await cluster.redis.copyTo(copy)
    await cluster.redis.start()
    await cluster.isReady()
    // What says who may has a connection of its own, which may come back a little after the log's.
    await until(
      'the revocation to be stored',
      async () => (await guarded.ask(0, '/api/admin/revoke', guarded.operator, { user: 'alice' })).ok,
    )
    await until(
      'the other node to know',
      async () => (await guarded.ask(1, '/events/alice', token)).status === 401,
    )
    await cluster.redis.kill()
    await cluster.redis.restoreFrom(copy)
    await cluster.redis.start()
    await cluster.isReady()
    for (const node of [0, 1]) expect((await guarded.ask(node, '/events/alice', token)).status).toBe(401)
    // Nor does a node that starts after it: the others have written it again.
    await until('it to be written again', () =>
      cluster.nodes.some(({ server }) => server.output.includes('revocations that it had lost')),
    )
    await cluster.node(1).server.kill('SIGKILL')
    await cluster.node(1).server.start()
    expect((await guarded.ask(1, '/events/alice', token)).status).toBe(401)
  })

  it('a node that stood still believes no key that was revoked meanwhile, from its first moment on', async () => {
    await using guarded = await GuardedCluster.start()
    const { cluster } = guarded
    const key = await makeKey(cluster, 'app', '--publish', '**', '--subscribe', '**', '--admin', '**')
    await guarded.areKnowing(key, '/api/stats')
    const { server } = cluster.node(1)
    const stoppedAt = performance.now()
    server.signal('SIGSTOP')
    const keyId = key.split('_')[1]!
    expect((await guarded.ask(0, '/api/admin/revoke', guarded.operator, { keyId })).status).toBe(200)
    // All of them are there when it goes on.
    const asking = [
      guarded.ask(1, '/api/events', key, { topic: 'a', data: 1 }),
      guarded.ask(1, '/events?topic=a', key),
      guarded.ask(1, '/api/stats', key),
    ]
    await until('it to be stood still for a while', () => performance.now() > stoppedAt + 1_000)
    server.signal('SIGCONT')
    const statuses = (await Promise.all(asking)).map(({ status }) => status)
    expect(statuses).toEqual([401, 401, 401])
  })

  it('a node that is kept from finding out who may what is not ready, and says so', async () => {
    await using guarded = await GuardedCluster.start()
    const { cluster } = guarded
    const keys = ['log', 'events', 'topic*', 'probes', 'key:*'].map((key) => `~tidings:{main}:${key}`)
    await cluster.redis.command('ACL', 'SETUSER', 'default', 'resetkeys', ...keys)
    for (const node of [0, 1]) {
      await until('it not to be ready for that reason', async () => {
        const { status, text } = await cluster.readiness(node)
        return status === 503 && text.includes('who may what cannot be read')
      })
    }
    const revoked = await guarded.ask(0, '/api/admin/revoke', guarded.operator, { user: 'alice' })
    expect(revoked.status).toBe(503)
    await cluster.redis.command('ACL', 'SETUSER', 'default', 'allkeys')
    await cluster.isReady()
    const again = await guarded.ask(0, '/api/admin/revoke', guarded.operator, { user: 'alice' })
    expect(again.status).toBe(200)
  })

  it('a Redis that does not answer ends the command in one clear line', async () => {
    const store = 'redis://:secret@127.0.0.1:9'
    const finished = await tidings(['keys', 'list', '--store', store])
    expect(finished).toMatchObject({ code: 69, stdout: '' })
    expect(finished.stderr).toContain('the keys in redis://127.0.0.1:9')
    expect(finished.stderr).toContain('cannot be reached')
    expect(finished.stderr).not.toContain('secret')
    expect(finished.stderr.trim().split('\n')).toHaveLength(1)
  })
})
