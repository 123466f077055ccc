import { encodeBlock } from '@tidings/protocol'
import type { Behaviour } from './exchange.ts'
import { stream } from './streams.ts'

/** What a `goodbye` says (PROTOCOL §5.4). */
export interface Farewell {
  readonly reason: string
  readonly reconnect: boolean
  readonly retryMs: number
}

/** A goodbye of each kind that Tidings knows, with the pause of a test. */
export const farewells: readonly Farewell[] = [
  { reason: 'drain', reconnect: true, retryMs: 20 },
  { reason: 'max-age', reconnect: true, retryMs: 20 },
  { reason: 'overloaded', reconnect: true, retryMs: 20 },
  { reason: 'storage-failed', reconnect: true, retryMs: 20 },
  { reason: 'storage-unavailable', reconnect: true, retryMs: 20 },
  { reason: 'expired', reconnect: true, retryMs: 20 },
  { reason: 'revoked', reconnect: false, retryMs: 20 },
]

/** A stream that says goodbye after `body`, and ends as PROTOCOL §5.6 says. */
export function goodbye(farewell: Farewell, body = ''): Behaviour {
  const block = encodeBlock({
    retry: farewell.retryMs,
    type: 'goodbye',
    data: JSON.stringify(farewell),
  })
  return stream(body + block, { ending: 'end' })
}

/** Data of control events that no Tidings server would send: a client must live through each. */
export const malformedControlData: readonly string[] = [
  '',
  '{',
  'undefined',
  'null',
  'true',
  '42',
  '"connected"',
  '[]',
  '{}',
  '{"clientId":7,"resumed":"yes","cursor":null,"heartbeatMs":"15000"}',
  '{"clientId":"c","resumed":true,"cursor":"k3v9x0a1b2.7ps.x9k2m","heartbeatMs":0}',
  '{"clientId":"c","resumed":true,"cursor":"k3v9x0a1b2.7ps.x9k2m","heartbeatMs":-1}',
  '{"clientId":"c","resumed":true,"cursor":"k3v9x0a1b2.7ps.x9k2m","heartbeatMs":1e400}',
  '{"clientId":"c","resumed":true,"cursor":"k3v9x0a1b2.7ps.x9k2m","heartbeatMs":0.001}',
  '{"__proto__":{"heartbeatMs":1},"constructor":1}',
  '{"reason":1,"reconnect":"no","retryMs":"soon"}',
  '{"reason":"drain","reconnect":true,"retryMs":-5}',
  '{"reason":"trimmed","from":{},"to":[],"missed":"many"}',
]

/** A stream that begins with a control event of malformed data, and goes on well. */
export function malformedControl(
  type: 'connected' | 'live' | 'gap' | 'expiring' | 'goodbye',
  data: string,
  then: string,
): Behaviour {
  return stream(encodeBlock({ type, data }) + then)
}
