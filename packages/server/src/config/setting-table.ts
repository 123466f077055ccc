import { choice, count, duration, list, type Setting, size, text } from './setting.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day
const kib = 1_024
const mib = 1_024 * kib
const gib = 1_024 * mib
const tib = 1_024 * gib

/** Node runs a timer that is longer than this at once, so no setting that becomes a timer may be. */
const longestTimer = 24 * day

/**
 * The one table of settings. From it come the type `Settings`, the flags, the environment variables, the keys
 * of the configuration file, their checks, `--help`, and the table in docs/configuration.md.
 */
export const settingTable = Object.freeze({
  port: count({
    default: 3000,
    min: 0,
    max: 65_535,
    doc: 'The TCP port to listen on; 0 takes any free one. The environment variable PORT works too.',
  }),
  host: text({
    default: '127.0.0.1',
    placeholder: 'address',
    allowed: 'an IP address or a host name',
    isAllowed: (host) => /^[0-9A-Za-z.:%_-]{1,253}$/.test(host),
    doc: 'The address to listen on; only loopback addresses, as long as there is no authentication.',
  }),
  data: text({
    default: './.tidings',
    placeholder: 'folder',
    allowed: 'the path of a folder',
    isAllowed: isPath,
    doc: 'The folder of the embedded database; it is made if missing.',
  }),
  store: text({
    default: '',
    placeholder: 'store',
    allowed: '"memory:", or "sqlite:" and the path of a file',
    isAllowed: (store) =>
      store === '' || store === 'memory:' || (/^sqlite:./.test(store) && isPath(store.slice(7))),
    doc: 'Where events are kept: `memory:` or `sqlite:PATH`; if empty, the file `tidings.db` in the data folder.',
  }),
  durability: choice(['fsync', 'os-buffer'], {
    default: 'fsync',
    doc: 'What an acknowledgement is worth: `fsync` survives a power cut, `os-buffer` only the death of the process.',
  }),
  retentionAgeMs: duration({
    default: day,
    min: 1,
    max: 10 * year,
    doc: 'How long an event is kept.',
  }),
  retentionEvents: count({
    default: 1_000_000,
    min: 1,
    max: 1_000_000_000,
    isLimit: true,
    doc: 'How many events are kept; the oldest go first.',
  }),
  retentionBytes: size({
    default: gib,
    min: 1,
    max: 16 * tib,
    isLimit: true,
    doc: 'How many bytes of topics, types and payloads are kept; the oldest events go first.',
  }),
  idempotencyWindowMs: duration({
    default: day,
    min: 1,
    max: year,
    doc: 'How long an Idempotency-Key is remembered.',
  }),
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
  maxConnections: count({
    default: 15_000,
    min: 1,
    max: 1_000_000,
    isLimit: true,
    doc: 'Open streams of the whole server.',
  }),
  maxConnectionsPerUser: count({
    default: 100,
    min: 1,
    max: 1_000_000,
    isLimit: true,
    doc: 'Open streams of one user.',
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
  corsOrigins: list({
    default: [],
    placeholder: 'origins',
    allowed: 'origins such as https://app.example, separated by commas, or "*"',
    isAllowed: isOrigin,
    doc: 'Origins whose pages may read the answers; none, if empty.',
  }),
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    doc: 'The least important kind of log line that is written.',
  }),
  logFormat: choice(['auto', 'json', 'pretty'], {
    default: 'auto',
    doc: 'Log lines as JSON or for people; `auto` is for people on a terminal.',
  }),
})

type Table = typeof settingTable

/** The name of a setting. */
export type SettingKey = keyof Table

/** All settings, checked and frozen. Durations are milliseconds, sizes bytes: the name says so. */
export type Settings = {
  readonly [Key in SettingKey]: Table[Key] extends Setting<infer Value> ? Value : never
}

/** The names of all settings, in the order of the table. */
export const settingKeys = Object.freeze(Object.keys(settingTable) as SettingKey[])

function isPath(path: string): boolean {
  return path !== '' && !path.includes('\0')
}

function isOrigin(origin: string): boolean {
  return origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)
}
