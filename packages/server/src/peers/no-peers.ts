import { randomBase36 } from '@tidings/protocol'
import { type Peers, peerIdLength } from './peers.ts'

/** A process that serves its log alone. */
export function noPeers(): Peers {
  return {
    id: randomBase36(peerIdLength),
    others: 0,
    answer: () => {},
    askAll: async () => [],
    ask: async () => undefined,
    close: async () => {},
  }
}
