import { checkTopic, TidingsError, userTopic } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import type { Access } from '../auth/access.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import { admit } from './admit.ts'
import { readJson } from './body.ts'
import { readFields } from './fields.ts'
import type { Parts } from './parts.ts'
import { sendJson } from './publish.ts'
import { queryOf, refuseOthers, wrongQuery } from './query.ts'

/** What only those who run the server, or a part of its topics, may do. */
export function addAdmin(app: FastifyInstance, parts: Parts, auth: Authenticator): void {
  app.post('/api/admin/rotate', async (request, reply) => {
    const access = await admit(parts, request.raw)
    requireAdmin(access)
    const epoch = await parts.tidings.rotate()
    parts.logger.warn({ epoch, caller: access.caller }, 'a new epoch began on request')
    return sendJson(reply, 200, { epoch })
  })

  app.post('/api/admin/revoke', async (request, reply) => {
    const access = await admit(parts, request.raw)
    const [kind, name] = readTarget(readJson(request))
    requireAdmin(access, kind === 'user' ? userTopic(name) : undefined)
    const ended = revoke(parts, auth, kind, name)
    parts.logger.warn({ kind, name, ended, caller: access.caller }, 'something was revoked on request')
    return sendJson(reply, 200, { ended })
  })

  app.get('/api/presence', async (request, reply) => {
    const access = await admit(parts, request.raw)
    const params = queryOf(request)
    refuseOthers(params, ['topic'])
    const topics = [...new Set(params.getAll('topic'))]
    const { maxTopics } = parts.tidings.settings
    if (topics.length === 0) throw wrongQuery('topic', 'Say which topics: GET /api/presence?topic=…')
    if (topics.length > maxTopics) throw wrongQuery('topic', `Ask for at most ${maxTopics} topics at once.`)
    for (const topic of topics) requireAdmin(access, checkTopic(topic))
    const streams = Object.fromEntries(topics.map((topic) => [topic, parts.tidings.audience([topic])]))
    return sendJson(reply, 200, { streams })
  })
}

/**
 * @param topic the one that it is about; the whole server, if absent.
 * @throws TidingsError `forbidden`.
 */
export function requireAdmin(access: Access, topic?: string): void {
  if (access.mayAdminister(topic)) return
  throw new TidingsError(
    'forbidden',
    'This needs a key that may administer it: tidings keys create --admin …',
  )
}

const targets = ['user', 'tokenId', 'keyId', 'connection'] as const

type Target = (typeof targets)[number]

function readTarget(body: unknown): [Target, string] {
  const fields = readFields(body, targets)
  const given = targets.filter((target) => fields[target] !== undefined)
  const name = given.length === 1 ? fields[given[0]!] : undefined
  if (typeof name === 'string' && name !== '' && name.length <= 256) return [given[0]!, name]
  throw new TidingsError('invalid_field', `Name one of ${targets.join(', ')}, as a string.`)
}

/** @returns how many streams ended, here and now. */
function revoke({ tidings }: Parts, { store }: Authenticator, kind: Target, name: string): number {
  // Counted before: the store tells everybody of a revocation in the same turn.
  const isMeant = (access: Access, clientId: string): boolean => {
    if (kind === 'user') return access.user === name
    if (kind === 'tokenId') return access.credential?.tokenId === name
    if (kind === 'keyId') return access.credential?.keyId === name
    return clientId === name
  }
  const ended = tidings.revoke(isMeant)
  if (kind === 'user') store.revokeUser(name)
  if (kind === 'tokenId') store.revokeToken(name)
  if (kind === 'keyId') store.revokeKey(name)
  return ended
}
