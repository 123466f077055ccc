import { userTopic } from '@tidings/protocol'
import type { FastifyInstance } from 'fastify'
import type { Access } from '../auth/access.ts'
import { createAccess } from '../auth/create-access.ts'
import { checkNotification, type Notification, notificationEventType } from '../inbox/notification.ts'
import { admit } from './admit.ts'
import { readJson } from './body.ts'
import type { Parts } from './parts.ts'
import { sendEvent, sendJson } from './publish.ts'
import { queryOf, readCount, readOne, refuseOthers } from './query.ts'

/** A user's notifications: send one, list the last. */
export function addNotifications(app: FastifyInstance, parts: Parts): void {
  const url = '/api/notifications/:userId'

  app.post<{ Params: { userId: string } }>(url, async (request, reply) => {
    const topic = userTopic(request.params.userId)
    const notification = checkNotification(readJson(request))
    const event = { topic, type: notificationEventType, data: notification }
    return sendEvent(parts, request, reply, event, { notification }, mayNotify)
  })

  app.get<{ Params: { userId: string } }>(url, async (request, reply) => {
    const topic = userTopic(request.params.userId)
    const params = queryOf(request)
    refuseOthers(params, ['limit', 'before'])
    const limit = readCount(params, 'limit', { min: 1, max: 1_000, default: 20 })
    const access = await admit(parts, request.raw)
    const page = await parts.tidings.history({
      topics: [topic],
      types: [notificationEventType],
      order: 'desc',
      limit,
      access,
      before: readOne(params, 'before'),
    })
    // An app that publishes its notifications itself may give them an id of its own; pages go on after ours.
    const notifications = page.events.map(({ id, time, data }) => ({ ...(data as Notification), id, time }))
    return sendJson(reply, 200, { notifications, next: page.next })
  })
}

/** Who may notify a user may publish this one kind of event to their topic. */
function mayNotify(access: Access): Access {
  const { caller, user, credential } = access
  return createAccess({ caller, user, credential, mayPublish: (topic) => access.mayNotify(topic) })
}
