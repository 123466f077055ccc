import { limits, problems } from '@tidings/protocol'
import { type TSchema, Type } from 'typebox'
import { maxLinkLength } from '../../inbox/link.ts'
import { notificationLimits, notificationTypes } from '../../inbox/notification.ts'

const text = (description: string, maxLength?: number) =>
  Type.String(maxLength === undefined ? { description } : { description, minLength: 1, maxLength })

const word = (words: readonly string[], description: string) => Type.Enum([...words], { description })

const eventId = Type.String({
  description: 'A cursor: the id of an event and a place in the log (PROTOCOL §4).',
  maxLength: limits.cursorLength,
  examples: ['k3v9x2m1qz.2s.a81fe'],
})

const topic = Type.String({
  description: 'Segments joined by "/" (PROTOCOL §2).',
  maxLength: limits.topicBytes,
  examples: ['orders/42'],
})

const time = Type.String({ format: 'date-time' })

const eventType = Type.String({
  description: 'The SSE event name.',
  maxLength: limits.typeLength,
  default: 'message',
})

const durability = word(['fsync', 'os-buffer', 'memory'], 'What the acknowledgement is worth.')

const link = Type.Optional(text('An http(s) address, or a path that begins with one "/".', maxLinkLength))

const EventInput = Type.Object(
  {
    topic,
    type: Type.Optional(eventType),
    data: Type.Optional(Type.Unknown({ description: 'Any JSON; null if absent.' })),
    text: Type.Optional(text('Instead of data: delivered as it is.')),
  },
  { additionalProperties: false, examples: [{ topic: 'orders/42', type: 'paid', data: { amount: 12 } }] },
)

const Published = Type.Object({
  ids: Type.Array(eventId, { description: 'One for each event, in the order given.' }),
  durability,
  duplicate: Type.Boolean({
    description: 'Whether an earlier publish with this Idempotency-Key stored them.',
  }),
})

const sent = {
  sent: Type.Literal(true),
  id: eventId,
  durability,
  duplicate: Type.Boolean(),
  streams: Type.Integer({ description: 'How many open streams want it.', minimum: 0 }),
}

const Notification = Type.Object(
  {
    type: word(notificationTypes, 'Decides colour and icon.'),
    title: text('One line.', notificationLimits.title),
    message: text('Plain text.', notificationLimits.message),
    link,
  },
  {
    additionalProperties: false,
    examples: [{ type: 'success', title: 'Deploy Complete', message: 'v2.3.1 deployed to production' }],
  },
)

const Announcement = Type.Object(
  {
    title: text('One line.', notificationLimits.title),
    message: text('Plain text.', notificationLimits.message),
    link,
  },
  {
    additionalProperties: false,
    examples: [{ title: 'Scheduled Maintenance', message: 'Database maintenance at 2am UTC' }],
  },
)

const Activity = Type.Object(
  {
    type: text('What kind: one segment of a topic.'),
    message: text('Plain text.', notificationLimits.message),
  },
  { additionalProperties: true, examples: [{ type: 'deploy', message: 'v2.3.1 is live', by: 'ada' }] },
)

const Gap = Type.Object(
  {
    reason: word(['bad-cursor', 'epoch', 'diverged', 'trimmed'], 'Why (PROTOCOL §4.3).'),
    from: Type.Union([eventId, Type.Null()]),
    to: eventId,
    missed: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'At most this many.' }),
  },
  { description: 'Events between these places may be missing.' },
)

const HistoryPage = Type.Object({
  events: Type.Array(
    Type.Object({
      id: eventId,
      topic,
      type: eventType,
      time: Type.String({ format: 'date-time' }),
      data: Type.Optional(Type.Unknown()),
      text: Type.Optional(Type.String()),
    }),
  ),
  next: Type.Union([eventId, Type.Null()], { description: 'Where the next page begins; null at the end.' }),
  head: eventId,
  gap: Type.Optional(Gap),
})

const NotificationList = Type.Object({
  notifications: Type.Array(
    // No intersection: one that is closed, as what is sent is, would be closed to id and time.
    Type.Object({ id: eventId, time: Type.String({ format: 'date-time' }), ...Notification.properties }),
    { description: 'Newest first.' },
  ),
  next: Type.Union([eventId, Type.Null()], { description: 'Give it as `before` for older ones.' }),
})

const NodeStats = Type.Object({
  id: Type.String({
    description: 'Its name, another after each start; the names of its streams begin with it.',
  }),
  connections: Type.Integer({ description: 'Open streams there.' }),
  users: Type.Integer({ description: 'Users with an open stream there.' }),
  eventsSent: Type.Integer({ description: 'Deliveries since its start.' }),
  bytesSent: Type.Integer({ description: 'Bytes of these deliveries.' }),
  uptimeSeconds: Type.Number({ description: 'Since its start.' }),
})

const StoreHealth = Type.Object({
  engine: word(['memory', 'sqlite', 'redis'], 'What it is.'),
  state: word(
    ['up', 'unavailable', 'starved'],
    'How it is: `starved` is a store that seems to be there, and yet what is stored does not arrive.',
  ),
  reason: Type.Optional(Type.String({ description: 'Why it is not up.' })),
  warnings: Type.Array(Type.String(), {
    description: 'What its settings allow that loses events, each with its remedy.',
  }),
})

const Stats = Type.Object(
  {
    totalConnections: Type.Integer({ description: 'Open streams, in all processes.' }),
    uniqueUsers: Type.Integer({ description: 'Users with an open stream, wherever.' }),
    eventsStored: Type.Integer({ description: 'Events kept in the log.' }),
    bytesStored: Type.Integer({ description: 'Their bytes, as retention counts them.' }),
    durability,
    eventsBuffered: Type.Integer({ description: 'Recent events in the memory of the process that answers.' }),
    bytesBuffered: Type.Integer({ description: 'Their bytes.' }),
    totalEventsPublished: Type.Integer({ description: 'Since the start of the process that answers.' }),
    totalEventsSent: Type.Integer({ description: 'Deliveries of all processes since their start.' }),
    totalBytesSent: Type.Integer({ description: 'Bytes of these deliveries.' }),
    epoch: Type.String({ description: 'Names the unbroken history of the log.' }),
    head: eventId,
    uptimeSeconds: Type.Number({ description: 'Since the start of the process that answers.' }),
    nodes: Type.Array(NodeStats, {
      description: 'The processes that serve this log; the one that answers first.',
    }),
    store: StoreHealth,
  },
  { additionalProperties: true },
)

const Health = Type.Object({
  status: word(
    ['alive', 'ready', 'degraded', 'unavailable', 'starved', 'draining', 'failed'],
    'How it is: `unavailable` when the store is out of reach, `starved` when what is stored does not arrive here.',
  ),
  reason: Type.Optional(Type.String()),
  warnings: Type.Optional(
    Type.Array(Type.String(), {
      description: 'What the store is set to that loses events, each with its remedy.',
    }),
  ),
})

const Problem = Type.Object(
  {
    type: text('`urn:tidings:problem:` and the code.'),
    code: word(Object.keys(problems), 'Stable; PROTOCOL §9 says what each means.'),
    title: text('The kind of problem.'),
    status: Type.Integer(),
    detail: text('What is wrong here, and what to do about it.'),
    field: Type.Optional(text('The field, parameter or header at fault.')),
    instance: Type.Optional(text('Names this occurrence in the log of the server.')),
  },
  { description: 'A problem document (RFC 9457).' },
)

/** The shapes that the description refers to, by name. */
export const schemas = {
  Activity,
  ActivitySent: Type.Object({ ...sent, activity: Activity }),
  Announcement,
  AnnouncementSent: Type.Object({ ...sent, announcement: Announcement }),
  EventInput,
  Health,
  HistoryPage,
  Notification,
  NotificationList,
  NotificationSent: Type.Object({ ...sent, notification: Notification }),
  Problem,
  Published,
  Amended: Type.Object({ topics: Type.Array(topic), cursor: eventId }),
  Amendment: Type.Object(
    {
      add: Type.Optional(Type.Array(topic)),
      remove: Type.Optional(Type.Array(topic)),
      after: Type.Optional(eventId),
      last: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    },
    { additionalProperties: false, examples: [{ add: ['orders/42'], last: 10 }] },
  ),
  NewToken: Type.Object(
    {
      user: Type.String(),
      subscribe: Type.Optional(Type.Array(topic)),
      publish: Type.Optional(Type.Array(topic)),
      ttl: Type.Optional(Type.Union([Type.String({ examples: ['15m'] }), Type.Integer({ minimum: 1 })])),
    },
    { additionalProperties: false, examples: [{ user: 'alice', ttl: '15m' }] },
  ),
  Presence: Type.Object({ streams: Type.Record(Type.String(), Type.Integer({ minimum: 0 })) }),
  Renewed: Type.Object({ expiresAt: Type.Union([time, Type.Null()]) }),
  Revocation: Type.Object(
    {
      user: Type.Optional(Type.String()),
      tokenId: Type.Optional(Type.String()),
      keyId: Type.Optional(Type.String()),
      connection: Type.Optional(Type.String()),
    },
    { description: 'Exactly one of them.', additionalProperties: false, examples: [{ user: 'alice' }] },
  ),
  Revoked: Type.Object({ ended: Type.Integer({ description: 'Streams that it ended here.', minimum: 0 }) }),
  Rotated: Type.Object({ epoch: Type.String() }),
  Session: Type.Object({
    mode: Type.Enum(['dev', 'production']),
    user: Type.Union([Type.String(), Type.Null()]),
    expiresAt: Type.Union([time, Type.Null()]),
  }),
  Ticket: Type.Object({ ticket: Type.String(), expiresAt: time }),
  Token: Type.Object({ token: Type.String(), user: Type.String(), expiresAt: time }),
  Sent: Type.Object(sent),
  Stats,
} satisfies Record<string, TSchema>

/** The name of a shape. */
export type SchemaName = keyof typeof schemas

/** Parameters that several operations take. */
export const parameters = {
  activityTypes: query(
    'type',
    Type.Array(Type.String()),
    'Only activities of this type; give it again for more.',
  ),
  after: query('after', eventId, 'Events after this place; from the oldest, if absent.'),
  before: query('before', eventId, 'Events before this place.'),
  idempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Makes a retry safe: the same key and body give the same ids, and store nothing again.',
    schema: Type.String({ minLength: 1, maxLength: limits.idempotencyKeyLength }),
  },
  last: query(
    'last',
    Type.Integer({ minimum: 0, maximum: 1_000 }),
    'Begin with so many of the newest events.',
  ),
  lastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'Resume after this event. The parameter `lastEventId` does the same; the header wins.',
    schema: eventId,
  },
  limit: query('limit', Type.Integer({ minimum: 1, maximum: 1_000 }), 'At most so many.'),
  order: query('order', Type.Enum(['asc', 'desc']), 'Oldest or newest first.'),
  textTopic: query('topic', topic, 'Where a text/plain body goes.'),
  textType: query('type', eventType, 'The type of a text/plain body.'),
  topics: query('topic', Type.Array(topic), 'A topic or pattern; give it again for more.'),
  types: query('types', Type.String(), 'Only these types, separated by commas.'),
  userId: query('userId', Type.String(), 'Short for `user/<id>` and `broadcast`.'),
  clientId: {
    name: 'clientId',
    in: 'path',
    required: true,
    description: 'The name of a stream, as `connected` told it.',
    schema: Type.String(),
  },
  ticket: query('ticket', Type.String(), 'In place of a header, for a native EventSource.'),
  userIdInPath: {
    name: 'userId',
    in: 'path',
    required: true,
    description: 'One segment of a topic.',
    schema: Type.String({ examples: ['demo-user'] }),
  },
} as const

/** The name of a parameter. */
export type ParameterName = keyof typeof parameters

function query(name: string, schema: TSchema, description: string) {
  return { name, in: 'query', description, schema } as const
}
