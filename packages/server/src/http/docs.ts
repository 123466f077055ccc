import type { StaticDocumentSpec } from '@fastify/swagger'
import { TidingsError } from '@tidings/protocol'
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import type { Parts } from './parts.ts'
import { asTidingsError, problemMediaType, problemOf } from './problem.ts'
import { sendJson } from './publish.ts'
import { securityHeaders } from './security-headers.ts'

/** Swagger UI brings its styles and images itself, and talks to this server alone. */
const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

/**
 * The description of the API, and a page to read and try it. Both are loaded when somebody first asks: the
 * schemas alone would take a fifth of the half second in which the server is to be ready.
 */
export function addDocs(app: FastifyInstance, { metrics }: Parts): void {
  let reader: Promise<FastifyInstance> | undefined

  app.get('/openapi.json', async (_request, reply) => sendJson(reply, 200, await loadDescription()))

  for (const url of ['/docs', '/docs/*']) {
    app.get(url, async (request, reply) => {
      reader ??= createReader()
      const { routing } = await reader
      reply.hijack()
      metrics.countRequest('/docs', 'GET', 200)
      routing(request.raw, reply.raw)
    })
  }
}

function nothingThere(): TidingsError {
  return new TidingsError('not_found', 'There is nothing at this path; the page is at /docs.')
}

async function loadDescription(): Promise<object> {
  const { description } = await import('./openapi/description.ts')
  return description
}

/** Swagger UI as an app of its own, as nothing can be added to one that already listens. */
async function createReader(): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }, document] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
    loadDescription() as Promise<StaticDocumentSpec['document']>,
  ])
  const reader = Fastify({ logger: false })
  reader.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders)
  })
  const refuse = (error: TidingsError, reply: FastifyReply) => {
    reply
      .code(error.status)
      .type(problemMediaType)
      .send(JSON.stringify(problemOf(error)))
  }
  reader.setNotFoundHandler((_request, reply) => refuse(nothingThere(), reply))
  // What leads out of its folder is nothing that there is; who looks for that is told no more.
  reader.setErrorHandler<FastifyError>((error, _request, reply) =>
    refuse(error.statusCode === 403 ? nothingThere() : asTidingsError(error), reply),
  )
  await reader.register(swagger, { mode: 'static', specification: { document } })
  await reader.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentPolicy,
    theme: { title: 'Tidings: the API' },
    uiConfig: { layout: 'BaseLayout' },
  })
  await reader.ready()
  return reader
}
