import { parsePayload } from '../payload.ts'

/** A request that publishes something. */
export interface Draft {
  readonly path: string
  readonly body: unknown
}

/** What the form can send. */
export const kinds = ['notification', 'announcement', 'update', 'activity', 'event'] as const

/** One of the things that the form can send. */
export type Kind = (typeof kinds)[number]

/** Reads a text field of the form. */
type Read = (name: string) => string

/** How each kind becomes a request; the same request is shown as a curl line. */
const drafts: Readonly<Record<Kind, (read: Read, user: string) => Draft>> = {
  notification: (read, user) => {
    const [type, title, message, link] = [read('type'), read('title'), read('message'), read('link')]
    const body = link === '' ? { type, title, message } : { type, title, message, link }
    return { path: `/api/notifications/${encodeURIComponent(user)}`, body }
  },
  announcement: (read) => ({
    path: '/api/broadcast',
    body: { title: read('title'), message: read('message') },
  }),
  update: (read) => ({ path: '/broadcast', body: parsePayload(read('body')) }),
  activity: (read) => ({ path: '/api/activity', body: { type: read('type'), message: read('message') } }),
  event: (read) => ({ path: '/api/events', body: eventBody(read('topic'), read('type'), read('data')) }),
}

/** The request that the form's fields stand for. */
export function draftOf(kind: Kind, user: string, fields: FormData): Draft {
  return drafts[kind]((name) => String(fields.get(name) ?? ''), user)
}

/** What the reader typed is JSON if it can be read as JSON, else text that is delivered as it is. */
function eventBody(topic: string, type: string, payload: string): object {
  const data = parsePayload(payload)
  const named = type === '' ? { topic } : { topic, type }
  return typeof data === 'string' && data === payload ? { ...named, text: payload } : { ...named, data }
}
