import { type ProblemCode, problems } from '@tidings/protocol'
import packageJson from '../../../package.json' with { type: 'json' }
import { type Operation, operations } from './operations.ts'
import { parameters, type SchemaName, schemas } from './schemas.ts'

/** What any operation may refuse. */
const everywhere: readonly ProblemCode[] = ['bad_request', 'unauthorized', 'headers_too_large', 'internal']

const mediaTypes = {
  stream: 'text/event-stream',
  text: 'text/plain',
  page: 'text/html',
  json: 'application/json',
} as const

const meanings: Readonly<Record<string, string>> = {
  200: 'As asked; for a publish, that an earlier one with this Idempotency-Key had stored it',
  201: 'Stored',
  503: 'Not ready',
}

function describePaths(): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method]: describe(operation) }
  }
  return paths
}

function describe(operation: Operation): object {
  return {
    operationId: `${operation.method} ${operation.path}`,
    tags: [operation.tag],
    summary: operation.summary,
    description: [operation.description, endOf(operation), needsOf(operation)].filter(Boolean).join('\n\n'),
    security: securityOf(operation),
    parameters: (operation.parameters ?? []).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ...(operation.body === undefined ? {} : { requestBody: describeBody(operation.body) }),
    responses: { ...describeAnswers(operation), ...describeRefusals(operation) },
  }
}

/** Whoever tries a stream on a page that shows complete answers would wait for ever. */
function endOf({ answers }: Operation): string | undefined {
  if (answers[200] !== 'stream') return undefined
  return 'It has no end: `/docs`, which shows an answer when it is complete, would wait for ever. Listen with `curl -N`.'
}

function needsOf({ needs }: Operation): string {
  return needs === 'nothing' ? 'Everybody may.' : `Needs ${needs}.`
}

/** One of these, and none where everybody may. A ticket opens streams alone. */
function securityOf({ needs, answers }: Operation): object[] {
  if (needs === 'nothing') return []
  const either = [{ bearer: [] }, { session: [] }]
  return answers[200] === 'stream' ? [...either, { ticket: [] }] : either
}

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key (`tdk_…`) or the token of a user (a JWT).',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-tidings',
    description:
      'Set by `POST /api/session`; the browser sends it by itself, and nothing is to be entered here.',
  },
  ticket: {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'Of `POST /api/tickets`; opens one stream.',
  },
}

function describeBody(body: NonNullable<Operation['body']>): object {
  const content = Object.entries(body).map(([mediaType, shape]) => [mediaType, { schema: bodySchema(shape) }])
  return { required: !Object.hasOwn(body, '*/*'), content: Object.fromEntries(content) }
}

function bodySchema(shape: SchemaName | 'text' | 'any' | readonly [SchemaName]): object {
  if (typeof shape !== 'string') return { type: 'string', description: `One ${shape[0]} a line.` }
  if (shape === 'any') return {}
  if (shape === 'text') return { type: 'string' }
  if (shape !== 'EventInput') return reference(shape)
  return { anyOf: [reference(shape), { type: 'array', items: reference(shape) }] }
}

function describeAnswers({ answers }: Operation): Record<string, object> {
  const described = Object.entries(answers).map(([status, shape]) => {
    if (shape === 'nothing') return [status, { description: 'Done' }]
    const mediaType = mediaTypes[shape as keyof typeof mediaTypes]
    const content =
      mediaType === undefined
        ? { 'application/json': { schema: reference(shape as SchemaName) } }
        : { [mediaType]: { schema: shape === 'json' ? {} : { type: 'string' } } }
    return [status, { description: meanings[status] ?? status, content }]
  })
  return Object.fromEntries(described)
}

function describeRefusals({ refuses = [], answers }: Operation): Record<string, object> {
  const byStatus = Map.groupBy(new Set([...refuses, ...everywhere]), (code) => problems[code].status)
  const content = { 'application/problem+json': { schema: reference('Problem') } }
  const described = [...byStatus]
    .filter(([status]) => !Object.hasOwn(answers, status))
    .map(([status, codes]) => [status, { description: codes.map(meaningOf).join('; '), content }])
  return Object.fromEntries(described)
}

function meaningOf(code: ProblemCode): string {
  return `\`${code}\`: ${problems[code].title}`
}

function reference(name: SchemaName): object {
  return { $ref: `#/components/schemas/${name}` }
}

/** The API as an OpenAPI 3.1 document. */
export const description = {
  openapi: '3.1.0',
  info: {
    title: 'Tidings',
    version: packageJson.version,
    description:
      'Push events from servers to people over Server-Sent Events, and lose none. ' +
      'Errors are problem documents (RFC 9457) with a stable `code`. In dev mode nobody needs a credential.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  tags: ['Streams', 'Events', 'Notifications', 'Activity', 'Access', 'Operation'].map((name) => ({ name })),
  paths: describePaths(),
  components: { schemas, parameters, securitySchemes },
}
