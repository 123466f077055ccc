import { type EventInput, TidingsError } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import { activityEventType, activityTopic, checkActivity, everyActivity } from '../inbox/activity.ts'
import { readSubscription } from '../stream/accept.ts'
import { readJson } from './body.ts'
import { openStream } from './open-stream.ts'
import type { Parts } from './parts.ts'
import { sendEvent } from './publish.ts'
import { queryOf, readCount, refuseOthers } from './query.ts'

/** What newcomers to the feed see at once. */
const lastActivities = 10

/** Activities: tell one, and follow them as a feed. */
export function addActivity(app: FastifyInstance, parts: Parts): void {
  app.post('/api/activity', async (request, reply) => {
    const activity = checkActivity(readJson(request))
    const event: EventInput = {
      topic: activityTopic(activity.type),
      type: activityEventType,
      data: activity,
    }
    return sendEvent(parts, request, reply, event, { activity })
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/activity-feed',
    handler: (request, reply) => {
      const subscription = readFeed(queryOf(request))
      return openStream(parts, request, reply, readSubscription(subscription, request.raw.headers))
    },
  })
}

/** The feed's query as that of a stream: the types are topics, so that they filter the past and the present alike. */
function readFeed(params: URLSearchParams): URLSearchParams {
  refuseOthers(params, ['type', 'last', 'lastEventId', 'ticket'])
  const last = readCount(params, 'last', { min: 0, max: 1_000, default: lastActivities })
  const stream = new URLSearchParams({ last: String(last) })
  const types = params.getAll('type').filter((type) => type !== '')
  for (const topic of types.length === 0 ? [everyActivity] : types.map(feedTopic))
    stream.append('topic', topic)
  for (const id of params.getAll('lastEventId')) stream.append('lastEventId', id)
  return stream
}

function feedTopic(type: string): string {
  try {
    return activityTopic(type)
  } catch (cause) {
    throw new TidingsError('invalid_query', (cause as Error).message, { field: 'type', cause })
  }
}
