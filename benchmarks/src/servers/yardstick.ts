import { type Contender, jsonShape } from './contender.ts'
import { startPeer } from './node-program.ts'

/**
 * What a raw socket in Node can do at most: one shared Buffer, written to every socket. No ids, no log, no
 * heartbeats, nothing kept: no server, but it shows how much the load generator can take.
 */
export const yardstick: Contender = {
  name: 'yardstick',
  label: 'yardstick: Node sockets, no features',
  shape: jsonShape('/publish'),
  streamPath: '/events',
  version: () => `Node ${process.versions.node}`,
  obstacle: () => undefined,
  start: (options) => startPeer(new URL('./peers/raw-sockets.ts', import.meta.url), options),
}
