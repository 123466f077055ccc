import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openCredentialStore } from '../../packages/server/src/auth/store/open-credential-store.ts'
import { tidings } from '../cli/cli-process.ts'
import { type RawAnswer, sendRaw } from '../support/raw-http.ts'
import { ServerProcess } from '../support/server-process.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'

const sameOrigin = 'Sec-Fetch-Site: same-origin'
const json = 'Content-Type: application/json'

/**
 * The part of a credential that opens a door: of a key what follows its id, of a token its signature. Only a key is
 * cut at `_`, which is a letter of base64url: a signature that happens to end in `_e` would be looked for as `e`.
 */
function secretPartOf(credential: string): string {
  const part = credential.split(credential.startsWith('tdk_') ? '_' : '.').at(-1)!
  expect(part.length, `${credential} has a part to look for`).toBeGreaterThanOrEqual(32)
  return part
}

/** A server in production, everything secret about it, and everything it ever answered. */
class Vault implements AsyncDisposable {
  readonly secrets = new Map<string, string>()
  readonly env: NodeJS.ProcessEnv
  #answered = ''
  readonly server: ServerProcess
  readonly #folder: TempFolder

  static async open(logFormat: 'json' | 'pretty'): Promise<Vault> {
    const folder = await tempFolder()
    const store = await openCredentialStore({ data: folder.path, tokenMaxLifetimeMs: 86_400_000 })
    const grants = { publish: ['**'], subscribe: ['**'], notify: ['user/*'], admin: ['**'] }
    const key = (await store.createKey({ name: 'operator', grants })).secret
    await store.close()
    const signing = randomBytes(32).toString('hex')
    const env = {
      TIDINGS_JWT_ISSUER: 'https://id.example',
      TIDINGS_JWT_AUDIENCE: 'push.example',
      TIDINGS_JWT_SECRET: signing,
    }
    const settings = { logLevel: 'trace', logFormat, maxPublishesPerUser: 1 } as const
    const server = await ServerProcess.start({ data: folder.path, settings, env })
    const vault = new Vault(server, folder, env)
    vault.secrets.set('key', key).set('signing secret', signing)
    return vault
  }

  private constructor(server: ServerProcess, folder: TempFolder, env: NodeJS.ProcessEnv) {
    this.server = server
    this.#folder = folder
    this.env = env
  }

  get key(): string {
    return this.secrets.get('key')!
  }

  async ask(
    path: string,
    headers: readonly string[] = [],
    more: { method?: string; body?: string; isGiven?: boolean } = {},
  ): Promise<RawAnswer> {
    const { isGiven = false, ...rest } = more
    const all = ['Connection: close', ...headers]
    const answer = await sendRaw({ port: this.server.port, path, headers: all, until: 'connected', ...rest })
    // Who is given a secret must see it, once.
    if (!isGiven) this.#answered += `${answer.raw}\n${answer.body}\n`
    return answer
  }

  /** Asks for something secret, and remembers it. */
  async given(name: string, path: string, shown: string, body?: object): Promise<string> {
    const headers = [`Authorization: Bearer ${shown}`, json]
    const more = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await this.ask(path, headers, { method: 'POST', isGiven: true, ...more })
    expect(answer.status, answer.body).toBeLessThan(300)
    const cookie = answer.headers.get('set-cookie')?.split(';')[0]
    const { token, ticket } = JSON.parse(answer.body) as { token?: string; ticket?: string }
    const secret = cookie ?? token ?? ticket!
    this.secrets.set(name, secret)
    return secret
  }

  /** Everything that it has let out, by where. */
  async outlets(): Promise<Map<string, string>> {
    const process = `/proc/${this.server.pid}`
    const outlets = new Map([
      ['log', this.server.output],
      ['answers', this.#answered],
      ['list of processes', await readFile(`${process}/cmdline`, 'latin1')],
      ['process title', await readFile(`${process}/comm`, 'latin1')],
    ])
    for (const name of await readdir(this.server.data))
      outlets.set(`file ${name}`, await readFile(join(this.server.data, name), 'latin1'))
    return outlets
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    await this.#folder[Symbol.asyncDispose]()
  }
}

/** Shows a secret in every place that is for credentials, here or elsewhere. It need not look like one of ours. */
async function showAsCredential(vault: Vault, value: string): Promise<void> {
  const inHeaders = [
    `Authorization: Bearer ${value}`,
    `Authorization: Basic ${value}`,
    `Authorization: ${value}`,
    `Proxy-Authorization: Bearer ${value}`,
    `Cookie: __Host-tidings=${value}; session=${value}`,
    `Cookie: ${value}`,
    `X-Api-Key: ${value}`,
    `Last-Event-ID: ${value}`,
    `Origin: https://${value}.example`,
    `Referer: https://app.example/?token=${value}`,
    `User-Agent: ${value}`,
    `Traceparent: 00-${value}-01`,
    `Idempotency-Key: ${value}`,
  ]
  for (const header of inHeaders) {
    for (const path of ['/events', '/api/stats', '/api/session', '/nothing'])
      await vault.ask(path, [header, sameOrigin])
    await vault.ask('/api/events', [header, json, sameOrigin], { method: 'POST', body: '{"topic":"$a"}' })
  }
  for (const name of ['token', 'access_token', 'authorization', 'ticket', 'api_key', 'jwt', 'lastEventId']) {
    for (const path of ['/events', '/api/events', '/api/stats', '/nothing'])
      await vault.ask(`${path}?${name}=${value}`)
  }
}

/** Shows a secret in every place where it has no business, and is known by its looks alone. */
async function showByMistake(vault: Vault, value: string): Promise<void> {
  const paths = [
    ...['topic', 'userId', 'types', value].flatMap((name) => [
      `/events?${name}=${value}`,
      `/api/events?${name}=${value}`,
    ]),
    ...['/', '/events/', '/api/notifications/', '/docs/', '/streams/'].map((path) => path + value),
    `//${value}@evil.test/`,
  ]
  for (const path of paths) {
    await vault.ask(path)
    await vault.ask(path, [`Authorization: Bearer ${vault.key}`])
    await vault.ask(path, [], { method: 'DELETE' })
  }
  const bodies = [
    { token: value },
    { user: `a ${value}` },
    { topic: `a ${value}` },
    { topic: 'a', type: `a ${value}`, [value]: 1 },
    value,
  ]
  for (const body of bodies) {
    for (const path of [
      '/api/events',
      '/api/tokens',
      '/api/admin/revoke',
      '/streams/a/token',
      '/api/session',
    ]) {
      const headers = [`Authorization: Bearer ${vault.key}`, json]
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      await vault.ask(path, headers, { method: 'POST', body: text })
    }
  }
}

it.each(['json', 'pretty'] as const)(
  'no secret gets out, wherever it is shown, and nothing forges the log: at level trace, as %s',
  { timeout: 240_000 },
  async (format) => {
    await using vault = await Vault.open(format)
    const { server, key } = vault
    const token = await vault.given('token', '/api/tokens', key, { user: 'alice', publish: ['a/*'] })
    const cookie = await vault.given('session', '/api/session', token)
    const ticket = await vault.given('ticket', '/api/tickets', token)
    const opened = await vault.ask(`/events?ticket=${ticket}`, [], { isGiven: true })
    vault.secrets.set('stream cookie', opened.headers.get('set-cookie')!.split(';')[0]!)
    const unused = await vault.given('unused ticket', '/api/tickets', token)
    const doomed = await vault.given('doomed token', '/api/tokens', key, { user: 'bob' })
    expect((await vault.ask('/api/session', [`Cookie: ${cookie}`, sameOrigin])).body).toContain('"alice"')

    const show = async (secret: string) => {
      const value = secret.replace(/^[^=]*=/, '')
      await showAsCredential(vault, value)
      await showByMistake(vault, value)
    }
    const hidden = new Set([unused, vault.secrets.get('signing secret')])
    for (const secret of vault.secrets.values()) if (!hidden.has(secret)) await show(secret)
    const password = randomBytes(16).toString('hex')
    vault.secrets.set('password', password)
    await showAsCredential(vault, password)
    const forged = `${token.slice(0, -4)}AAAA`
    vault.secrets.set('forged token', forged)
    await show(forged)
    const admin = [`Authorization: Bearer ${key}`, json]
    await vault.ask('/api/admin/revoke', admin, { method: 'POST', body: '{"user":"bob"}' })
    await show(doomed)
    for (const path of ['/metrics', '/api/stats', '/openapi.json', '/docs', '/', '/healthz', '/readyz'])
      await vault.ask(path, admin)
    const evil = 'a\x1b[31mb\u009b1m\u202e'
    for (const path of [
      `/events?topic=${encodeURIComponent(evil)}`,
      `/events?lastEventId=${encodeURIComponent(evil)}`,
    ])
      await vault.ask(path, [`User-Agent: ${Buffer.from(evil).toString('latin1')}`, ...admin])
    await vault.ask('/api/events', admin, {
      method: 'POST',
      body: JSON.stringify({ topic: evil, type: evil }),
    })

    await server.kill('SIGTERM')
    await until('the last line of the log', () => server.output.includes('stopped'))
    await server.start()
    const outlets = await vault.outlets()
    for (const args of [
      ['--help'],
      ['serve', '--help'],
      ['doctor', '--url', server.url, '--data', server.data],
    ]) {
      const env = { ...vault.env, TIDINGS_KEY: key }
      const { stdout, stderr } = await tidings(args, { env, folder: server.data })
      outlets.set(args.join(' '), stdout + stderr)
    }
    const wrong = await tidings(['serve', '--jwt-secret', vault.secrets.get('signing secret')!], {
      env: { ...vault.env, TIDINGS_ISSUERS: `[{"secret":"${key}"` },
      folder: server.data,
    })
    outlets.set('a start that fails', wrong.stdout + wrong.stderr)
    expect(wrong.code).not.toBe(0)

    // What is looked for was there to be found: the log tells of refusals, and the answers of everything.
    expect(server.output.match(/a credential was refused/g)!.length).toBeGreaterThan(50)
    expect(outlets.get('answers')!.length).toBeGreaterThan(100_000)
    const found = [...outlets].flatMap(([outlet, text]) =>
      [...vault.secrets].flatMap(([name, secret]) => {
        const at = text.indexOf(secretPartOf(secret))
        return at === -1 ? [] : [`${name} in ${outlet}: ${text.slice(Math.max(0, at - 150), at + 20)}`]
      }),
    )
    expect(found).toEqual([])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(server.output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|\p{Cf}/u)
    if (format === 'json') for (const line of server.output.trim().split('\n')) JSON.parse(line)
  },
)
