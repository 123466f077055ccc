import { count, size } from '../setting.ts'
import { gib, kib, mib, tib } from '../units.ts'

/** What callers may take, and what may wait for them in memory. */
export const limitSettings = {
  maxConnections: count({
    default: 15_000,
    min: 1,
    max: 1_000_000,
    isLimit: true,
    doc: 'Open streams of one process: each worker and each node counts its own, here and in the limits below.',
  }),
  maxConnectionsPerUser: count({
    default: 100,
    min: 1,
    max: 1_000_000,
    isLimit: true,
    doc: 'Open streams of one user.',
  }),
  maxConnectionsPerKey: count({
    default: 1_000,
    min: 1,
    max: 1_000_000,
    isLimit: true,
    doc: 'Open streams of one API key.',
  }),
  maxConnectionsPerAddress: count({
    default: 1_000,
    min: 1,
    max: 1_000_000,
    isLimit: true,
    doc:
      'Open streams of one address; of IPv6, of one /64. Loopback addresses do not count, as a proxy on the same' +
      ' machine looks like one.',
  }),
  maxPublishesPerKey: count({
    default: 50_000,
    min: 1,
    max: 1_000_000_000,
    isLimit: true,
    doc: 'Publishes a second of one API key.',
  }),
  maxPublishesPerUser: count({
    default: 100,
    min: 1,
    max: 1_000_000_000,
    isLimit: true,
    doc: 'Publishes a second of one user.',
  }),
  maxTopics: count({
    default: 100,
    min: 1,
    max: 10_000,
    isLimit: true,
    doc: 'Topics and patterns of one subscription.',
  }),
  maxBodyBytes: size({
    default: mib,
    min: 1,
    max: 256 * mib,
    isLimit: true,
    doc: 'The body of one request.',
  }),
  maxEventBytes: size({
    default: 256 * kib,
    min: 1,
    max: 64 * mib,
    isLimit: true,
    doc: 'The payload of one event.',
  }),
  maxBatchEvents: count({
    default: 1_000,
    min: 1,
    max: 100_000,
    isLimit: true,
    doc: 'Events of one publish.',
  }),
  tailBytes: size({
    default: 64 * mib,
    min: 0,
    max: tib,
    isLimit: true,
    doc: 'Memory for recent events, from which readers that are a little behind are served.',
  }),
  streamBufferBytes: size({
    default: 256 * kib,
    min: kib,
    max: gib,
    isLimit: true,
    doc: 'Bytes that may wait in one stream for its reader; beyond them the stream reads from the log instead.',
  }),
  replayPageEvents: count({
    default: 250,
    min: 1,
    max: 100_000,
    isLimit: true,
    doc: 'Events that a stream which is behind reads from the log in one step.',
  }),
}
