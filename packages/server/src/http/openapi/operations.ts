import type { ProblemCode } from '@tidings/protocol'
import type { ParameterName, SchemaName } from './schemas.ts'

/** One method of one path, as the description tells it. */
export interface Operation {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly tag: 'Streams' | 'Events' | 'Notifications' | 'Activity' | 'Operation'
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly ParameterName[]
  /** Bodies it takes, by media type; a shape, `text`, or lines of a shape. */
  readonly body?: Readonly<Record<string, SchemaName | 'text' | 'any' | readonly [SchemaName]>>
  /** Answers by status: a shape as JSON, a stream of events, or a document of a kind. */
  readonly answers: Readonly<Record<number, SchemaName | 'stream' | 'text' | 'page' | 'json'>>
  /** What it refuses, beside what every operation may. */
  readonly refuses?: readonly ProblemCode[]
}

const publishRefusals = [
  'invalid_json',
  'invalid_field',
  'invalid_topic',
  'invalid_idempotency_key',
  'forbidden',
  'body_too_large',
  'event_too_large',
  'unsupported_media_type',
  'unsupported_encoding',
  'idempotency_mismatch',
  'draining',
  'storage_failed',
  'storage_full',
] as const

const streamRefusals = ['invalid_query', 'invalid_topic', 'too_many_topics', 'forbidden'] as const

/** Everything that the server answers, except the demo page. */
export const operations: readonly Operation[] = [
  {
    method: 'get',
    path: '/events',
    tag: 'Streams',
    summary: 'Follow topics',
    description:
      'A stream of Server-Sent Events that does not end; without a topic, of `broadcast`. ' +
      'An id that cannot be resumed from gives a `gap` event, never an error.',
    parameters: ['topics', 'types', 'userId', 'last', 'lastEventId'],
    answers: { 200: 'stream' },
    refuses: streamRefusals,
  },
  {
    method: 'get',
    path: '/events/:userId',
    tag: 'Streams',
    summary: 'Follow what a user gets',
    description: 'The topics `user/<userId>` and `broadcast`.',
    parameters: ['userIdInPath', 'topics', 'types', 'last', 'lastEventId'],
    answers: { 200: 'stream' },
    refuses: streamRefusals,
  },
  {
    method: 'post',
    path: '/api/events',
    tag: 'Events',
    summary: 'Publish',
    description:
      'One event, an array, or one a line; all or none are stored, one after the other. ' +
      'A text/plain body is one event, with its topic and type in the query.',
    parameters: ['idempotencyKey', 'textTopic', 'textType'],
    body: {
      'application/json': 'EventInput',
      'application/x-ndjson': ['EventInput'],
      'text/plain': 'text',
    },
    answers: { 200: 'Published', 201: 'Published' },
    refuses: [...publishRefusals, 'invalid_query', 'reserved_topic', 'reserved_type', 'too_many_events'],
  },
  {
    method: 'get',
    path: '/api/events',
    tag: 'Events',
    summary: 'Read the log in pages',
    parameters: ['topics', 'types', 'after', 'before', 'limit', 'order'],
    answers: { 200: 'HistoryPage' },
    refuses: [...streamRefusals, 'storage_failed'],
  },
  {
    method: 'post',
    path: '/broadcast',
    tag: 'Events',
    summary: 'Send an update to everybody',
    description: 'Any body, or none, becomes an event of type `update` on the topic `broadcast`.',
    parameters: ['idempotencyKey'],
    body: { 'application/json': 'any', '*/*': 'text' },
    answers: { 200: 'Sent', 201: 'Sent' },
    refuses: publishRefusals,
  },
  {
    method: 'post',
    path: '/api/broadcast',
    tag: 'Notifications',
    summary: 'Announce something to everybody',
    description: 'An event of type `announcement` on the topic `broadcast`.',
    parameters: ['idempotencyKey'],
    body: { 'application/json': 'Announcement' },
    answers: { 200: 'AnnouncementSent', 201: 'AnnouncementSent' },
    refuses: publishRefusals,
  },
  {
    method: 'post',
    path: '/api/notifications/:userId',
    tag: 'Notifications',
    summary: 'Notify a user',
    description:
      'An event of type `notification` on the topic `user/<userId>`, for all devices of that user.',
    parameters: ['userIdInPath', 'idempotencyKey'],
    body: { 'application/json': 'Notification' },
    answers: { 200: 'NotificationSent', 201: 'NotificationSent' },
    refuses: publishRefusals,
  },
  {
    method: 'get',
    path: '/api/notifications/:userId',
    tag: 'Notifications',
    summary: "List a user's last notifications",
    parameters: ['userIdInPath', 'limit', 'before'],
    answers: { 200: 'NotificationList' },
    refuses: ['invalid_query', 'invalid_topic', 'forbidden', 'storage_failed'],
  },
  {
    method: 'post',
    path: '/api/activity',
    tag: 'Activity',
    summary: 'Tell an activity',
    description: 'An event of type `activity` on the topic `activity/<type>`. Other fields are kept.',
    parameters: ['idempotencyKey'],
    body: { 'application/json': 'Activity' },
    answers: { 200: 'ActivitySent', 201: 'ActivitySent' },
    refuses: publishRefusals,
  },
  {
    method: 'get',
    path: '/api/activity-feed',
    tag: 'Activity',
    summary: 'Follow the activities',
    description: 'The last ten, then each as it happens.',
    parameters: ['activityTypes', 'last', 'lastEventId'],
    answers: { 200: 'stream' },
    refuses: streamRefusals,
  },
  {
    method: 'get',
    path: '/api/metrics',
    tag: 'Streams',
    summary: "Follow the machine's processor and memory",
    description: 'A sample every two seconds, taken only while somebody listens.',
    parameters: ['lastEventId'],
    answers: { 200: 'stream' },
    refuses: streamRefusals,
  },
  {
    method: 'get',
    path: '/api/stats',
    tag: 'Operation',
    summary: 'What the server holds and has done',
    answers: { 200: 'Stats' },
  },
  {
    method: 'post',
    path: '/api/admin/rotate',
    tag: 'Operation',
    summary: 'Begin a new epoch',
    description: 'Every open stream gets one `gap`; every earlier cursor is of another history from then on.',
    answers: { 200: 'Rotated' },
    refuses: ['forbidden', 'draining', 'storage_failed', 'storage_full'],
  },
  {
    method: 'get',
    path: '/metrics',
    tag: 'Operation',
    summary: 'Metrics in the text format of Prometheus',
    answers: { 200: 'text' },
  },
  {
    method: 'get',
    path: '/healthz',
    tag: 'Operation',
    summary: 'Does the process answer',
    answers: { 200: 'Health' },
  },
  {
    method: 'get',
    path: '/readyz',
    tag: 'Operation',
    summary: 'Should new work come here',
    answers: { 200: 'Health', 503: 'Health' },
  },
  {
    method: 'get',
    path: '/openapi.json',
    tag: 'Operation',
    summary: 'This description',
    answers: { 200: 'json' },
  },
  {
    method: 'get',
    path: '/docs',
    tag: 'Operation',
    summary: 'This description, to read and to try',
    answers: { 200: 'page' },
  },
]
