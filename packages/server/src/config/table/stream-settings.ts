import { duration } from '../setting.ts'
import { hour, longestTimer, second } from '../units.ts'

/** How a stream lives and ends. */
export const streamSettings = {
  heartbeatMs: duration({
    default: 15 * second,
    min: 10,
    max: hour,
    doc: 'Something is sent on every stream at least this often; keep it below the idle time-out of your proxies.',
  }),
  retryMs: duration({
    default: 2 * second,
    min: 0,
    max: hour,
    doc: 'How long clients wait before they reconnect; the server spreads it, so that not all come at once.',
  }),
  maxConnectionAgeMs: duration({
    default: hour,
    min: 10,
    max: longestTimer,
    isLimit: true,
    doc: 'A stream is ended, to be resumed, at 80 to 100 % of this age, so that dead peers and stale routes go.',
  }),
  drainMs: duration({
    default: 10 * second,
    min: 0,
    max: hour,
    doc: 'Time over which streams are ended at shutdown, so that clients do not all reconnect at once.',
  }),
  stallMs: duration({
    default: 30 * second,
    min: 10,
    max: longestTimer,
    isLimit: true,
    doc: 'A stream whose reader takes no byte for this long is cut.',
  }),
}
