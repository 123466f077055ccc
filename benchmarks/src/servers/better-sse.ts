import { type Contender, jsonShape } from './contender.ts'
import { packageVersion, startPeer } from './node-program.ts'

/** better-sse on Express, with a channel, as its documentation has it. */
export const betterSse: Contender = {
  name: 'better-sse',
  label: 'better-sse',
  shape: jsonShape('/publish'),
  streamPath: '/events',
  version: () => `${packageVersion('better-sse')} on Express ${packageVersion('express')}`,
  obstacle: () => undefined,
  start: (options) => startPeer(new URL('./peers/better-sse-channel.ts', import.meta.url), options),
}
