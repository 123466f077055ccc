import { checkType, TidingsError } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import type { HistoryQuery } from '../history.ts'
import { readSubscription } from '../stream/accept.ts'
import { admit } from './admit.ts'
import { readEvents } from './body.ts'
import { openStream } from './open-stream.ts'
import type { Parts } from './parts.ts'
import { answerPublished, publishFor, sendJson } from './publish.ts'
import { publishPath } from './publish-road.ts'
import { queryOf, readCount, readOne, refuseOthers, wrongQuery } from './query.ts'

/** Streams of events, publishing, and the log as pages. */
export function addEvents(app: FastifyInstance, parts: Parts): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/events',
    handler: (request, reply) =>
      openStream(parts, request, reply, readSubscription(queryOf(request), request.raw.headers)),
  })

  app.route<{ Params: { userId: string } }>({
    method: ['GET', 'HEAD'],
    url: '/events/:userId',
    handler: (request, reply) => {
      const params = queryOf(request)
      params.append('userId', request.params.userId)
      return openStream(parts, request, reply, readSubscription(params, request.raw.headers))
    },
  })

  const { maxBatchEvents, maxTopics } = parts.tidings.settings
  app.post(publishPath, async (request, reply) => {
    const published = await publishFor(parts, request.raw, readEvents(request, maxBatchEvents))
    reply.hijack()
    answerPublished(parts, request.raw, reply.raw, published)
  })

  app.get('/api/events', async (request, reply) => {
    const access = await admit(parts, request.raw)
    return sendJson(
      reply,
      200,
      await parts.tidings.history({ ...readPageQuery(queryOf(request), maxTopics), access }),
    )
  })
}

function readPageQuery(params: URLSearchParams, maxTopics: number): HistoryQuery {
  refuseOthers(params, ['topic', 'types', 'after', 'before', 'limit', 'order'])
  const topics = params.getAll('topic')
  if (topics.length === 0) throw wrongQuery('topic', 'Say which topics: GET /api/events?topic=…')
  if (topics.length > maxTopics) {
    throw new TidingsError('too_many_topics', `A page takes at most ${maxTopics} topics; use a pattern.`, {
      field: 'topic',
    })
  }
  const order = readOne(params, 'order') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') throw wrongQuery('order', 'order must be asc or desc.')
  const limit = readCount(params, 'limit', { min: 1, max: 1_000, default: 100 })
  const types = readOne(params, 'types')?.split(',').map(checkType)
  return { topics, types, limit, order, after: readOne(params, 'after'), before: readOne(params, 'before') }
}
