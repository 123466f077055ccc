import { openCredentialStore } from '../../packages/server/src/auth/store/open-credential-store.ts'
import {
  claims,
  type KeyServer,
  makeTestKey,
  startKeyServer,
  type TestKey,
} from '../../packages/server/src/auth/token/test-tokens.ts'
import { ServerProcess } from '../support/server-process.ts'
import { tempFolder } from '../support/temp-folder.ts'

const issuer = 'https://id.example'

/** A server in production mode, the issuer of its users' tokens, and the key of who runs it. */
export class GuardedServer implements AsyncDisposable {
  readonly #server: ServerProcess
  readonly #provider: TestKey
  readonly #keys: KeyServer
  readonly #operator: string
  readonly #folder: AsyncDisposable

  static async start(): Promise<GuardedServer> {
    const folder = await tempFolder()
    const store = await openCredentialStore({ data: folder.path, tokenMaxLifetimeMs: 86_400_000 })
    const grants = { publish: ['**'], subscribe: ['**'], notify: ['user/*'], admin: ['**'] }
    const operator = (await store.createKey({ name: 'operator', grants })).secret
    await store.close()
    const provider = await makeTestKey('RS256')
    const keys = await startKeyServer([provider.publicJwk])
    const issuers = [{ issuer, audience: 'push.example', algorithms: ['RS256'], jwksUrl: keys.url }]
    const env = { TIDINGS_ISSUERS: JSON.stringify(issuers) }
    const server = await ServerProcess.start({ data: folder.path, env })
    return new GuardedServer(server, provider, keys, operator, folder)
  }

  private constructor(
    server: ServerProcess,
    provider: TestKey,
    keys: KeyServer,
    operator: string,
    folder: AsyncDisposable,
  ) {
    this.#server = server
    this.#provider = provider
    this.#keys = keys
    this.#operator = operator
    this.#folder = folder
  }

  get url(): string {
    return this.#server.url
  }

  /** A user's token that ends in so many seconds. */
  token(user: string, seconds = 600): Promise<string> {
    return this.#provider.sign(claims(issuer, { sub: user, exp: Math.floor(Date.now() / 1_000) + seconds }))
  }

  /** Publishes to a user. */
  publish(user: string, data: unknown): Promise<void> {
    return this.#post('/api/events', { topic: `user/${user}`, data })
  }

  /** Takes a user's permission back. */
  revoke(user: string): Promise<void> {
    return this.#post('/api/admin/revoke', { user })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
    await this.#keys.close()
    await this.#folder[Symbol.asyncDispose]()
  }

  async #post(path: string, body: unknown): Promise<void> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.#operator}` },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  }
}
