import { type Contender, jsonShape } from './contender.ts'
import { packageVersion, startPeer } from './node-program.ts'

/** What most articles build: Express, an array of responses, `res.write` in a loop. */
export const express: Contender = {
  name: 'express',
  label: 'Express, `res.write` loop',
  shape: jsonShape('/publish'),
  streamPath: '/events',
  version: () => packageVersion('express'),
  obstacle: () => undefined,
  start: (options) => startPeer(new URL('./peers/express-loop.ts', import.meta.url), options),
}
