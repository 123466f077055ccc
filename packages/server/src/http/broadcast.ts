import { broadcastTopic, type EventInput } from '@tidings/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { announcementEventType, checkAnnouncement } from '../inbox/announcement.ts'
import { parseJson, readBody, readJson } from './body.ts'
import type { Parts } from './parts.ts'
import { sendEvent } from './publish.ts'

/** What goes to everybody: updates of any form, and announcements. */
export function addBroadcast(app: FastifyInstance, parts: Parts): void {
  app.post('/broadcast', async (request, reply) => sendEvent(parts, request, reply, readUpdate(request)))

  app.post('/api/broadcast', async (request, reply) => {
    const announcement = checkAnnouncement(readJson(request))
    const event = { topic: broadcastTopic, type: announcementEventType, data: announcement }
    return sendEvent(parts, request, reply, event, { announcement })
  })
}

/** Any body becomes an update: JSON if it says so, else its text; and none an empty object. */
function readUpdate(request: FastifyRequest): EventInput {
  const { mediaType, text } = readBody(request)
  const update = { topic: broadcastTopic, type: 'update' }
  if (text === '') return { ...update, data: {} }
  return mediaType === 'application/json' ? { ...update, data: parseJson(text) } : { ...update, text }
}
