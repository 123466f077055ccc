import type { Server } from 'node:http'
import { TidingsError } from '@tidings/protocol'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Policy } from '../auth/policy.ts'
import type { Logger } from '../observe/logger.ts'
import { RequestMetrics } from '../observe/request-metrics.ts'
import type { Tidings } from '../tidings.ts'
import { addActivity } from './activity.ts'
import { addAdmin } from './admin.ts'
import { addBroadcast } from './broadcast.ts'
import { addConsole } from './console.ts'
import { createCors } from './cors.ts'
import { addDocs } from './docs.ts'
import { addEvents } from './events.ts'
import { createFinish, createGuard } from './guard.ts'
import { addHealth } from './health.ts'
import { HostList } from './host-list.ts'
import { httpLimits } from './http-limits.ts'
import { createListener, type Handler, type Listener } from './listener.ts'
import type { LiveCertificate } from './live-certificate.ts'
import { addMachine } from './machine.ts'
import { addNotifications } from './notifications.ts'
import { answerOptions, refuseRoute } from './other-methods.ts'
import type { Parts } from './parts.ts'
import { asTidingsError, refuseClient } from './problem.ts'
import { addPrometheus } from './prometheus.ts'
import { createPublishRoad } from './publish-road.ts'
import { RateLimits } from './rate-limits.ts'
import { createRefusal, type Refusal } from './refusal.ts'
import { Routes } from './routes.ts'
import { addSessions } from './sessions.ts'
import { addStats } from './stats.ts'
import { addStreams } from './streams.ts'
import { addTokens } from './tokens.ts'

/**
 * No route has a schema of Fastify's: resources check their input with the rules of the protocol. Loading the
 * compilers for such schemas would be half of the server's start.
 */
const noCompiler = () => () => {
  throw new Error('A route has a schema; check its input in the resource instead.')
}

/** What an app is made of. */
export interface AppOptions {
  readonly tidings: Tidings
  readonly logger: Logger
  readonly auth: Authenticator
  /** Who may do what, if not the authenticator alone is to decide. */
  readonly policy?: Policy | undefined
  /** Names the workers of one server, if this is one of them. */
  readonly crew?: string | undefined
  /** For HTTPS; HTTP, if absent. */
  readonly certificate?: LiveCertificate | undefined
}

/** The HTTP side of Tidings: an app to listen with, and the list of its routes. */
export interface App {
  readonly server: FastifyInstance
  /** What the app listens with. */
  readonly listener: Listener
  readonly routes: Routes
}

/** Builds the app. It does not listen yet. */
export function createApp({ tidings, logger, auth, policy = auth, crew, certificate }: AppOptions): App {
  const cors = createCors(tidings.settings.corsOrigins)
  const parts: Parts = {
    tidings,
    logger,
    policy,
    cors,
    hosts: new HostList({
      allowedHosts: tidings.settings.allowedHosts,
      host: tidings.settings.host,
      get mode() {
        return auth.mode
      },
    }),
    rates: new RateLimits(tidings.settings),
    metrics: new RequestMetrics(),
    crew,
    store: { isFull: false },
  }
  const refuse = createRefusal(parts)
  const finish = createFinish(parts)
  const road = createPublishRoad(parts)
  let listener!: Listener
  const app = createFastify({
    bodyLimit: tidings.settings.maxBodyBytes,
    openListener: (fastify) => {
      const handler: Handler = (request, response) => {
        // HTTP/2 has a field of its own for it, which wins (RFC 9113 §8.3.1); all who ask look in one place.
        const authority = request.headers[':authority']
        if (typeof authority === 'string') request.headers.host = authority
        if (!road(request, response)) fastify(request, response)
      }
      listener = createListener(handler, logger, certificate)
      // Streams have a bound of their own; this one is for what never becomes a request.
      listener.server.maxConnections = tidings.settings.maxConnections + httpLimits.idleConnections
      return listener
    },
    // What has no route, because its path is not even one, meets none of the hooks.
    refuseUnrouted: (error, request, reply) => {
      reply.code(asTidingsError(error).status)
      finish(request, reply)
      refuse(error, request, reply)
    },
  })
  const routes = new Routes()
  app.addHook('onRoute', (route) => {
    if (!hiddenRoutes.has(route.url)) routes.add(route)
  })
  app.addHook('onRequest', createGuard(parts))
  app.addHook('onSend', (request, reply, _payload, done) => {
    finish(request, reply)
    done()
  })
  app.setErrorHandler(refuse)
  app.setNotFoundHandler((request, reply) => refuseRoute(request, reply, routes))
  // One parser for everything: each resource knows what it takes, and says so if it gets something else.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, takeBody)
  app.options('/*', async (request, reply) => answerOptions(request, reply, routes, cors))
  for (const add of resources) add(app, parts, auth)
  return { server: app, listener, routes }
}

const resources = [
  addEvents,
  addBroadcast,
  addNotifications,
  addActivity,
  addMachine,
  addStats,
  addPrometheus,
  addHealth,
  addTokens,
  addSessions,
  addStreams,
  addAdmin,
  addDocs,
  addConsole,
]

/** Catch-alls: they match every path, and say nothing about any. */
const hiddenRoutes = new Set(['/*', '/docs/*'])

interface FastifyParts {
  readonly bodyLimit: number
  openListener(fastify: Handler): Listener
  readonly refuseUnrouted: Refusal
}

function createFastify({ bodyLimit, openListener, refuseUnrouted }: FastifyParts): FastifyInstance {
  return Fastify({
    // Ours logs what is worth it; a child logger for each request would be a tenth of a publish.
    logger: false,
    bodyLimit,
    // While draining, requests that are already here are still answered, and new ones get a problem document.
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    routerOptions: { maxParamLength: httpLimits.paramLength },
    // Fastify works with either server; its types know one at a time.
    serverFactory: (fastify) => openListener(fastify).server as Server,
    clientErrorHandler: refuseClient,
    frameworkErrors: (error, request, reply) =>
      refuseUnrouted(error, request as FastifyRequest, reply as FastifyReply),
  })
}

/** Over HTTP/2 the body of a request that was broken off ends like any other, and half of it may look whole. */
function takeBody(
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  if (request.raw.aborted) done(new TidingsError('bad_request', 'The body was broken off.'))
  else done(null, body)
}
