import { createServer, type ServerOptions } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { openPolicy, type Policy } from '../auth/policy.ts'
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
import { addMachine } from './machine.ts'
import { addNotifications } from './notifications.ts'
import { answerOptions, refuseRoute } from './other-methods.ts'
import type { Parts } from './parts.ts'
import { asTidingsError, refuseClient } from './problem.ts'
import { addPrometheus } from './prometheus.ts'
import { createPublishRoad, type Road } from './publish-road.ts'
import { createRefusal, type Refusal } from './refusal.ts'
import { Routes } from './routes.ts'
import { addStats } from './stats.ts'

/**
 * No route has a schema of Fastify's: resources check their input with the rules of the protocol. Loading the
 * compilers for such schemas would be half of the server's start.
 */
const noCompiler = () => () => {
  throw new Error('A route has a schema; check its input in the resource instead.')
}

const second = 1_000

/** Bounds of HTTP itself. A peer that is slower, or says more, is hung up on. */
export const httpLimits = Object.freeze({
  /** Until the headers are there: what a slow phone needs, and a slow attacker must not have. */
  headersTimeoutMs: 10 * second,
  /** Until the body is there. */
  requestTimeoutMs: 30 * second,
  /** How often the two above are looked at; Node's 30 s would make them coarse. */
  checkEveryMs: 5 * second,
  /** An idle connection: longer than the 60 s of common proxies, so that they and not we close first. */
  keepAliveMs: 72 * second,
  /** URL and headers together, in bytes. */
  headerBytes: 16 * 1024,
  /** A parameter in the path: a topic's 256 bytes, percent-encoded, with room. */
  paramLength: 1_024,
})

const nodeOptions: ServerOptions = {
  headersTimeout: httpLimits.headersTimeoutMs,
  requestTimeout: httpLimits.requestTimeoutMs,
  connectionsCheckingInterval: httpLimits.checkEveryMs,
  keepAliveTimeout: httpLimits.keepAliveMs,
  maxHeaderSize: httpLimits.headerBytes,
}

/** What an app is made of. */
export interface AppOptions {
  readonly tidings: Tidings
  readonly logger: Logger
  /** Who may do what; everybody everything, if absent. */
  readonly policy?: Policy
}

/** The HTTP side of Tidings: an app to listen with, and the list of its routes. */
export interface App {
  readonly server: FastifyInstance
  readonly routes: Routes
}

/** Builds the app. It does not listen yet. */
export function createApp({ tidings, logger, policy = openPolicy }: AppOptions): App {
  const cors = createCors(tidings.settings.corsOrigins)
  const parts: Parts = {
    tidings,
    logger,
    policy,
    cors,
    metrics: new RequestMetrics(),
    store: { isFull: false },
  }
  const refuse = createRefusal(parts)
  const finish = createFinish(parts)
  // What has no route, because its path is not even one, meets none of the hooks.
  const app = createFastify(
    tidings.settings.maxBodyBytes,
    createPublishRoad(parts),
    (error, request, reply) => {
      reply.code(asTidingsError(error).status)
      finish(request, reply)
      refuse(error, request, reply)
    },
  )
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
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.options('/*', async (request, reply) => answerOptions(request, reply, routes, cors))
  for (const add of resources) add(app, parts)
  return { server: app, routes }
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
  addAdmin,
  addDocs,
  addConsole,
]

/** Catch-alls: they match every path, and say nothing about any. */
const hiddenRoutes = new Set(['/*', '/docs/*'])

function createFastify(bodyLimit: number, road: Road, refuseUnrouted: Refusal): FastifyInstance {
  return Fastify({
    // Ours logs what is worth it; a child logger for each request would be a tenth of a publish.
    logger: false,
    bodyLimit,
    // While draining, requests that are already here are still answered, and new ones get a problem document.
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    routerOptions: { maxParamLength: httpLimits.paramLength },
    serverFactory: (fastify) =>
      createServer(nodeOptions, (request, response) => {
        if (!road(request, response)) fastify(request, response)
      }),
    clientErrorHandler: refuseClient,
    frameworkErrors: (error, request, reply) =>
      refuseUnrouted(error, request as FastifyRequest, reply as FastifyReply),
  })
}
