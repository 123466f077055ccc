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

  parts.tidings.peers.answer('revoke', (target) => parts.tidings.revoke(chosenBy(target as RevocationTarget)))
  parts.tidings.peers.answer('look at what was revoked', () => auth.store.lookAgain().then(() => true))

  app.post('/api/admin/revoke', async (request, reply) => {
    const access = await admit(parts, request.raw)
    const target = readTarget(readJson(request))
    const [kind, name] = target
    requireAdmin(access, kind === 'user' ? userTopic(name) : undefined)
    const ended = await revoke(parts, auth, target)
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
    const counts = await parts.tidings.audiences(topics)
    const streams = Object.fromEntries(topics.map((topic, index) => [topic, counts[index]]))
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

/** What is revoked, and its name. */
type RevocationTarget = readonly [(typeof targets)[number], string]

function readTarget(body: unknown): RevocationTarget {
  const fields = readFields(body, targets)
  const given = targets.filter((target) => fields[target] !== undefined)
  const name = given.length === 1 ? fields[given[0]!] : undefined
  if (typeof name === 'string' && name !== '' && name.length <= 256) return [given[0]!, name]
  throw new TidingsError('invalid_field', `Name one of ${targets.join(', ')}, as a string.`)
}

/** Which streams a revocation is about. */
function chosenBy([kind, name]: RevocationTarget): (access: Access, clientId: string) => boolean {
  return (access, clientId) => {
    if (kind === 'user') return access.user === name
    if (kind === 'tokenId') return access.credential?.tokenId === name
    if (kind === 'keyId') return access.credential?.keyId === name
    return clientId === name
  }
}

/** @returns how many streams ended, here and in other processes, before the revocation reached them by itself. */
async function revoke(
  { tidings }: Parts,
  { store }: Authenticator,
  target: RevocationTarget,
): Promise<number> {
  const [kind, name] = target
  // A store that is out of reach says so here, while nothing is done yet.
  if (kind !== 'connection') await store.lookAgain()
  // Counted before: the store tells everybody of a revocation in the same turn.
  const elsewhere = tidings.peers.askAll('revoke', target)
  const ended = tidings.revoke(chosenBy(target))
  if (kind === 'user') await store.revokeUser(name)
  if (kind === 'tokenId') await store.revokeToken(name)
  if (kind === 'keyId') await store.revokeKey(name)
  const answers = await elsewhere
  // Nobody whom one process has shut out shall get in at another that has not looked yet.
  if (kind !== 'connection') await tidings.peers.askAll('look at what was revoked', null)
  return answers.reduce((sum, { answer }) => sum + (answer as number), ended)
}
