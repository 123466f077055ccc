import { createHmac, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCredentialStore } from '../../../packages/server/src/auth/store/open-credential-store.ts'
import { postRequest } from '../load/request.ts'
import { type Contender, eventsBody, type StartOptions, topic } from './contender.ts'
import { makeScratchFolder } from './scratch-folder.ts'
import type { ServerProcess } from './server-process.ts'
import { startTidings, tidings } from './tidings.ts'

const issuer = 'https://id.example'
const audience = 'push.example'
const secret = randomBytes(36).toString('base64')
const dayS = 86_400

/** The key of the server that was started last: publishers show it. */
let key = ''

/** Tidings in production mode: every stream has a user and a token of its own, every publish an API key. */
export const guardedTidings: Contender = {
  ...tidings,
  name: 'tidings-auth',
  label: 'Tidings, authentication on',
  shape: {
    eventsPerRequest: tidings.shape.eventsPerRequest,
    request: (payloads) =>
      postRequest('/api/events', eventsBody(payloads), { Authorization: `Bearer ${key}` }),
  },
  authorization: (index) => `Bearer ${tokenOf(`user-${index}`)}`,
  start,
}

async function start(options: StartOptions): Promise<ServerProcess> {
  const store = await openCredentialStore({ data: options.data, tokenMaxLifetimeMs: dayS * 1_000 })
  const grants = { publish: [topic], subscribe: [], notify: [], admin: [] }
  key = (await store.createKey({ name: 'bench', grants })).secret
  await store.close()
  const config = join(makeScratchFolder(), 'config.json')
  const settings = {
    jwtIssuer: issuer,
    jwtAudience: audience,
    jwtSecret: secret,
    maxPublishesPerKey: 1_000_000,
  }
  writeFileSync(config, JSON.stringify(settings))
  return startTidings(options, undefined, ['--config', config])
}

function tokenOf(sub: string): string {
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss: issuer, aud: audience, sub, exp: now + dayS / 2, tidings: { subscribe: [topic] } }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = `${part({ alg: 'HS256' })}.${part(claims)}`
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}
