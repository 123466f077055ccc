import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { openCredentialStore } from '../../../packages/server/src/auth/store/open-credential-store.ts'
import {
  claims,
  type KeyServer,
  makeTestKey,
  startKeyServer,
  type TestKey,
} from '../../../packages/server/src/auth/token/test-tokens.ts'
import type { Settings } from '../../../packages/server/src/config/settings.ts'
import { type RawAnswer, type RawRequest, sendRaw } from '../../support/raw-http.ts'
import { ServerProcess, tidingsCommand } from '../../support/server-process.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** What the server under attack is configured with. */
export const friend = 'https://app.example'
export const issuer = 'https://id.example'
export const otherIssuer = 'https://other.example'

/** A real server in production mode, its keys, its users, and its identity providers. */
export class Target implements AsyncDisposable {
  readonly server: ServerProcess
  /** The key of who runs it. */
  readonly admin: string
  /** The key of a program that may publish to, and read, one corner. */
  readonly corner: string
  readonly provider: TestKey
  readonly other: TestKey
  readonly providerKeys: KeyServer
  readonly otherKeys: KeyServer
  /** Everything that must never be written down anywhere. */
  readonly secrets = new Set<string>()
  readonly #folder: AsyncDisposable

  static async start(): Promise<Target> {
    const folder = await tempFolder()
    const [provider, other] = [
      await makeTestKey('RS256', 'same-name'),
      await makeTestKey('RS256', 'same-name'),
    ]
    const [providerKeys, otherKeys] = [
      await startKeyServer([provider.publicJwk]),
      await startKeyServer([other.publicJwk]),
    ]
    const store = await openCredentialStore({ data: folder.path, tokenMaxLifetimeMs: 86_400_000 })
    const none = { publish: [], subscribe: [], notify: [], admin: [] }
    const all = { publish: ['**'], subscribe: ['**'], notify: ['user/*'], admin: ['**'] }
    const admin = (await store.createKey({ name: 'admin', grants: all })).secret
    const corner = (
      await store.createKey({
        name: 'corner',
        grants: { ...none, publish: ['corner/*'], subscribe: ['corner/*'] },
      })
    ).secret
    await store.close()
    const audience = 'push.example'
    const issuers = [
      { issuer, audience, algorithms: ['RS256'], jwksUrl: providerKeys.url },
      { issuer: otherIssuer, audience, algorithms: ['RS256'], jwksUrl: otherKeys.url },
    ]
    const settings: Partial<Settings> = {
      corsOrigins: [friend],
      allowedHosts: ['push.example'],
      trustedHops: 1,
      maxConnectionsPerUser: 5,
      maxConnectionsPerKey: 50,
      maxConnectionsPerAddress: 4,
      maxPublishesPerUser: 5,
      logLevel: 'trace',
    }
    const env = { TIDINGS_ISSUERS: JSON.stringify(issuers) }
    const server = await ServerProcess.start({ data: folder.path, settings, env })
    return new Target({ server, admin, corner, provider, other, providerKeys, otherKeys, folder })
  }

  private constructor(
    parts: Pick<
      Target,
      'server' | 'admin' | 'corner' | 'provider' | 'other' | 'providerKeys' | 'otherKeys'
    > & {
      readonly folder: AsyncDisposable
    },
  ) {
    this.server = parts.server
    this.admin = parts.admin
    this.corner = parts.corner
    this.provider = parts.provider
    this.other = parts.other
    this.providerKeys = parts.providerKeys
    this.otherKeys = parts.otherKeys
    this.#folder = parts.folder
    for (const key of [parts.admin, parts.corner]) this.secrets.add(key.split('_')[2]!)
  }

  get port(): number {
    return this.server.port
  }

  /** A token of the identity provider. */
  async token(user: string, changes: object = {}): Promise<string> {
    const token = await this.provider.sign(claims(issuer, { sub: user, ...changes }))
    this.secrets.add(token.split('.')[2]!)
    return token
  }

  /** A request by which somebody shows something. */
  ask(path: string, options: Partial<RawRequest> & { readonly shown?: string } = {}): Promise<RawAnswer> {
    const { shown, headers = [], ...rest } = options
    const credential = shown === undefined ? [] : [`Authorization: Bearer ${shown}`]
    return sendRaw({
      port: this.port,
      path,
      ...rest,
      headers: ['Connection: close', ...credential, ...headers],
    })
  }

  /** A write of JSON. */
  send(path: string, body: unknown, options: Parameters<Target['ask']>[1] = {}): Promise<RawAnswer> {
    const headers = ['Content-Type: application/json', ...(options.headers ?? [])]
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return this.ask(path, { method: 'POST', ...options, headers, body: text })
  }

  /** A stream, read until its text holds something, or for a while. */
  follow(path: string, shown: string, until: string, headers: readonly string[] = []): Promise<RawAnswer> {
    return this.ask(path, { shown, until, headers })
  }

  async eventsStored(): Promise<number> {
    const { body } = await this.ask('/api/stats', { shown: this.admin })
    return (JSON.parse(body) as { eventsStored: number }).eventsStored
  }

  /** How long the server takes to answer the simplest question, in milliseconds: how stuck it is. */
  async stuckMs(): Promise<number> {
    const began = performance.now()
    await this.ask('/healthz')
    return performance.now() - began
  }

  /** Opens a stream and leaves it open. */
  openStream(
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ status: number; text: () => string; close(): void }> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ port: this.port, host: '127.0.0.1', path, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', () => {})
        resolve({ status: response.statusCode!, text: () => text, close: () => request.destroy() })
      })
      request.on('error', reject).end()
    })
  }

  /** Connects and says nothing. */
  async connectIdle(): Promise<() => void> {
    const socket = connect(this.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    return () => void socket.destroy()
  }

  /** Starts another server with these variables, which is expected to refuse to. */
  async failedStart(env: Readonly<Record<string, string>>): Promise<{ code: number; output: string }> {
    await using folder = await tempFolder()
    const [program, ...args] = tidingsCommand
    const child = spawn(program!, [...args, 'serve', '--port', '0', '--data', folder.path], {
      cwd: folder.path,
      env: { ...process.env, ...env },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        // It started after all.
        if (output.includes('"listening"')) child.kill('SIGKILL')
      })
    }
    const [code] = (await once(child, 'close')) as [number | null]
    return { code: code ?? -1, output }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    await this.providerKeys.close()
    await this.otherKeys.close()
    await this.#folder[Symbol.asyncDispose]()
  }
}
