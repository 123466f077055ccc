import { type Contender, jsonShape } from './contender.ts'
import { packageVersion, startPeer } from './node-program.ts'

/** A bare route that parses the JSON of a publish and does nothing with it: the yardstick for publishing. */
export const fastify: Contender = {
  name: 'fastify',
  label: 'bare Fastify route',
  shape: jsonShape('/publish'),
  streamPath: '/events',
  version: () => packageVersion('fastify'),
  obstacle: () => undefined,
  start: (options) => startPeer(new URL('./peers/fastify-route.ts', import.meta.url), options),
}
