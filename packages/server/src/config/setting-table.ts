import { isKeySetUrl, issuerList, tokenAlgorithms } from './issuer.ts'
import {
  choice,
  count,
  duration,
  list,
  type Setting,
  secret,
  size,
  text,
  toggle,
  workers,
} from './setting.ts'
import { readRedisAddress } from './store-address.ts'

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
    doc: 'The address to listen on; anything but a loopback address needs authentication.',
  }),
  workers: workers({
    default: 1,
    min: 1,
    max: 64,
    doc:
      'How many processes `tidings serve` runs as, all on one port; `auto` is one for each core. An embedded store has' +
      ' one more, which owns it. The library runs as one.',
  }),
  dev: toggle({
    default: 'auto',
    doc:
      'Whether everybody may do everything, for a first try; `auto` is on as long as the host is a loopback' +
      ' address and there are neither keys nor issuers.',
  }),
  demo: toggle({
    default: 'auto',
    doc:
      'Whether the server publishes a made-up market (`$ticker`) and a clock (`$clock`) while somebody listens, for' +
      ' its page to show; `auto` is on in dev mode. The library has neither.',
  }),
  allowedHosts: list({
    default: [],
    placeholder: 'hosts',
    allowed: 'host names such as push.example, separated by commas',
    isAllowed: isHostName,
    doc:
      'The names under which the server is reached: a request for another is refused, which stops DNS rebinding.' +
      ' Loopback names always work. If empty, dev mode knows those alone, and otherwise every name works.',
  }),
  trustedHops: count({
    default: 0,
    min: 0,
    max: 10,
    doc: 'How many proxies in front of the server add to X-Forwarded-For; the header counts for nothing at 0.',
  }),
  tlsCert: file({
    doc: 'A file with the certificate chain, PEM: the server then speaks HTTPS, with HTTP/2.',
  }),
  tlsKey: file({
    doc: 'The file with the private key of that certificate, PEM.',
  }),
  jwtIssuer: text({
    default: '',
    placeholder: 'issuer',
    allowed: 'the `iss` of tokens, exactly',
    isAllowed: isShortText,
    doc: 'Who makes the tokens of users: the `iss` that they must have. Several issuers go into `issuers`.',
  }),
  jwtAudience: text({
    default: '',
    placeholder: 'audience',
    allowed: 'the `aud` of tokens, exactly',
    isAllowed: isShortText,
    doc: 'For whom tokens are made: the `aud` that they must have.',
  }),
  jwtAlgorithms: list({
    default: [],
    placeholder: 'algorithms',
    allowed: `${tokenAlgorithms.join(', ')}, separated by commas`,
    isAllowed: (name) => (tokenAlgorithms as readonly string[]).includes(name),
    doc: 'How tokens may be signed; needed with a key file or a JWKS URL, `HS256` with a secret.',
  }),
  jwtSecret: secret({
    allowed: 'at least 32 random bytes, e.g. of `openssl rand -base64 48`',
    doc: 'The secret of HS256 tokens.',
  }),
  jwtKeyFile: file({ doc: 'A file with the public key of tokens, PEM or JWK.' }),
  jwksUrl: text({
    default: '',
    placeholder: 'url',
    allowed: 'an https URL, or an http one on this machine',
    isAllowed: isKeySetUrl,
    doc: 'Where the issuer publishes its public keys (JWKS).',
  }),
  issuers: issuerList({
    doc: 'More issuers, each an object with `issuer`, `audience`, `algorithms`, and `secret`, `keyFile` or `jwksUrl`.',
  }),
  clockSkewMs: duration({
    default: 10 * second,
    min: 0,
    max: minute,
    doc: 'How far the clock of an issuer may be ahead. It never makes a token live longer.',
  }),
  tokenTtlMs: duration({
    default: hour,
    min: second,
    max: year,
    doc: 'How long a token lives that this server makes, if nobody says otherwise.',
  }),
  tokenMaxLifetimeMs: duration({
    default: day,
    min: second,
    max: year,
    isLimit: true,
    doc: 'A token that would live longer from now on is refused.',
  }),
  expiryNoticeMs: duration({
    default: minute,
    min: 0,
    max: hour,
    doc: 'How long before the end of its token a stream is told, so that it can be renewed.',
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
    allowed: '"memory:", "sqlite:" and the path of a file, or "redis://HOST:PORT"',
    isAllowed: isStore,
    doc:
      'Where events are kept: `memory:`, `sqlite:PATH`, or for several nodes' +
      ' `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?name=LOG]` (`rediss` with TLS; `name` is `main` if absent);' +
      ' if empty, the file `tidings.db` in the data folder.',
  }),
  durability: choice(['fsync', 'os-buffer', 'memory'], {
    default: 'fsync',
    doc:
      'What an acknowledgement is worth at least: `fsync` survives a power cut, `os-buffer` only the death of the' +
      ' process, `memory` neither. A Redis that is set to less is refused; one that is set to more gives more.',
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

/** A file that is optional. */
function file({ doc }: { readonly doc: string }): Setting<string> {
  return text({
    default: '',
    placeholder: 'file',
    allowed: 'the path of a file',
    isAllowed: (path) => path === '' || isPath(path),
    doc,
  })
}

function isStore(store: string): boolean {
  if (store === '' || store === 'memory:' || readRedisAddress(store) !== undefined) return true
  return /^sqlite:./.test(store) && isPath(store.slice('sqlite:'.length))
}

function isShortText(text: string): boolean {
  return text.length <= 512 && !/\p{Cc}/u.test(text)
}

/** Without a port: a name is a name on every port. */
function isHostName(host: string): boolean {
  return /^(?:\[[0-9a-fA-F:.]+\]|[0-9a-zA-Z_-]+(?:\.[0-9a-zA-Z_-]+)*)$/.test(host)
}

function isPath(path: string): boolean {
  return path !== '' && !path.includes('\0')
}

function isOrigin(origin: string): boolean {
  return origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)
}
