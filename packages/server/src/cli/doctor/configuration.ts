import { isLoopback } from '../../config/exposure.ts'
import { formatSize } from '../../config/quantity.ts'
import type { Settings } from '../../config/settings.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import { checkFacts, type RedisFacts } from '../../log/redis/redis-facts.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** What of the machine and its files matters to the configuration. */
export interface Facts {
  readonly node: string
  readonly sqlite: string
  /** Descriptors that a process may have open; absent if the system does not say. */
  readonly descriptors: number | undefined
  /** Permission bits of the data folder and of the file of keys; absent if they are not there. */
  readonly folderMode: number | undefined
  readonly keysMode: number | undefined
  /** The same of the certificate's private key. */
  readonly tlsKeyMode: number | undefined
  readonly freeBytes: number | undefined
  /** Whether API keys were ever made, and whether issuers are configured. */
  readonly hasKeys: boolean
  /** Why it can't be told whether there are keys; absent if it can. */
  readonly whyNoStore: string | undefined
  readonly hasIssuers: boolean
  /** What the Redis of the store is set to; absent if there is none, or it was not reached. */
  readonly redis: RedisFacts | undefined
  /** When the certificate ends, in milliseconds since the epoch; absent if there is none that serves. */
  readonly certificateEndsAt: number | undefined
  readonly now: number
}

/** SQLite before this could lose data when two connections wrote at once. */
const leastSqlite = [3, 51, 3] as const

/** Connections beside the streams: requests, the store, and some room. */
const otherDescriptors = 2_200

const day = 86_400_000

/** Looks at settings that are each allowed, and may yet not fit together, or not this machine. */
export function checkConfiguration(settings: Settings, facts: Facts): Finding[] {
  return [
    checkMode(settings, facts),
    ...checkNames(settings, facts),
    checkProxy(settings, facts),
    ...checkEncryption(settings, facts),
    checkFiles(facts),
    checkDescriptors(settings, facts),
    ...checkStore(settings, facts),
    checkVersions(facts),
  ]
}

const firstKey = 'tidings keys create --name first --publish "**" --admin "**"'

function isDev({ dev, host }: Settings, { hasKeys, whyNoStore, hasIssuers }: Facts): boolean {
  const mayHaveKeys = hasKeys || whyNoStore !== undefined
  return dev === 'auto' ? isLoopback(host) && !mayHaveKeys && !hasIssuers : dev === 'on'
}

function checkMode(settings: Settings, facts: Facts): Finding {
  if (facts.whyNoStore !== undefined) return fail('mode', `the keys cannot be read: ${facts.whyNoStore}`)
  if (isDev(settings, facts)) {
    return warn(
      'mode',
      `dev: everybody on this machine may do everything; for production, make a key: ${firstKey}`,
    )
  }
  if (facts.hasKeys) return ok('mode', 'production: everybody shows a key or a token')
  return warn('mode', `production without an API key: no program may publish; make one: ${firstKey}`)
}

function checkNames(settings: Settings, facts: Facts): Finding[] {
  const { allowedHosts, corsOrigins, host } = settings
  const findings: Finding[] = []
  if (!isDev(settings, facts)) {
    findings.push(
      allowedHosts.length === 0
        ? warn('names', 'requests for any Host are answered; name yours in allowedHosts')
        : ok('names', `reached as ${allowedHosts.join(', ')}`),
    )
  }
  if (corsOrigins.includes('*')) {
    findings.push(
      warn('origins', 'pages of all origins may read, without cookies; name yours in corsOrigins'),
    )
  }
  const plain = corsOrigins.filter((origin) => origin.startsWith('http:') && !isLocal(origin))
  if (plain.length > 0) {
    findings.push(warn('origins', `${plain.join(', ')} has no TLS: whoever is on the way can be that page`))
  }
  if (!isLoopback(host) && allowedHosts.includes(host)) findings.push(ok('host', `listens on ${host}`))
  return findings
}

function isLocal(origin: string): boolean {
  return isLoopback(new URL(origin).hostname)
}

function checkProxy(settings: Settings, facts: Facts): Finding {
  const { trustedHops, allowedHosts, host, tlsCert } = settings
  if (isDev(settings, facts) && (trustedHops > 0 || !allowedHosts.every(isLoopback))) {
    return fail(
      'proxy',
      `trustedHops or allowedHosts say that others get here, and dev mode lets them do everything; make a key: ${firstKey}`,
    )
  }
  if (trustedHops > 0) {
    const text = `X-Forwarded-For counts, for ${trustedHops} of your proxies; make sure that nobody gets past them`
    return isLoopback(host) ? ok('proxy', text) : warn('proxy', text)
  }
  if (isLoopback(host) || tlsCert !== '') return ok('proxy', 'X-Forwarded-For counts for nothing')
  return warn(
    'proxy',
    'if a proxy stands in front, set trustedHops: all its clients are one address otherwise',
  )
}

function checkEncryption({ host, tlsCert }: Settings, { certificateEndsAt, now }: Facts): Finding[] {
  if (certificateEndsAt !== undefined) {
    const days = Math.floor((certificateEndsAt - now) / day)
    if (days < 0) return [fail('TLS', `the certificate ended ${-days} days ago; renew ${tlsCert}`)]
    const text = `the certificate has ${days} days left`
    return [days < 14 ? warn('TLS', `${text}; renew it, the server takes it up by itself`) : ok('TLS', text)]
  }
  // One that does not serve has been told of already.
  if (tlsCert !== '') return []
  if (isLoopback(host)) {
    return [ok('TLS', 'not by this server; whoever is reached from elsewhere needs a proxy with TLS')]
  }
  const text = 'tokens and events go over the network in the clear'
  return [warn('TLS', `${text}; set tlsCert and tlsKey, or put a proxy with TLS in front`)]
}

function checkFiles({ folderMode, keysMode, tlsKeyMode }: Facts): Finding {
  if (keysMode !== undefined && (keysMode & 0o077) !== 0) {
    return fail(
      'files',
      'others on this machine can read the file of keys; chmod 600 auth.db in the data folder',
    )
  }
  // Its group may be the one that hands certificates out.
  if (tlsKeyMode !== undefined && (tlsKeyMode & 0o007) !== 0) {
    return fail(
      'files',
      'others on this machine can read the private key of the certificate; chmod o= tlsKey',
    )
  }
  if (folderMode !== undefined && (folderMode & 0o022) !== 0) {
    return fail('files', 'others on this machine can write into the data folder; chmod go-w it')
  }
  return ok(
    'files',
    folderMode === undefined ? 'the data folder will be made' : 'the data folder is its owner’s',
  )
}

function checkDescriptors({ maxConnections }: Settings, { descriptors }: Facts): Finding {
  const needed = maxConnections + otherDescriptors
  if (descriptors === undefined || descriptors >= needed) {
    return ok('descriptors', `enough for ${maxConnections} streams`)
  }
  const room = Math.max(0, descriptors - otherDescriptors)
  return warn(
    'descriptors',
    `${descriptors} are enough for ${room} streams, not ${maxConnections}; raise the limit (LimitNOFILE, ulimit -n) or lower maxConnections`,
  )
}

function checkStore(settings: Settings, facts: Facts): Finding[] {
  const address = readRedisAddress(settings.store)
  if (address !== undefined) return checkRedis(settings, address.shown, facts)
  if (settings.store === 'memory:') {
    return [warn('store', 'events are in memory, and lost when the server stops')]
  }
  return [checkDisk(settings, facts)]
}

function checkRedis({ durability }: Settings, shown: string, { redis }: Facts): Finding[] {
  if (redis === undefined)
    return [fail('store', `${shown} is not reached; start Redis, or correct the setting store`)]
  try {
    checkFacts(redis, durability, shown)
  } catch (error) {
    return [fail('store', (error as Error).message)]
  }
  const what = `Redis ${redis.version} at ${shown}: acknowledgements are worth ${redis.durability}`
  return [ok('store', what), ...redis.warnings.map((warning) => warn('store', warning))]
}

function checkDisk({ retentionBytes }: Settings, { freeBytes }: Facts): Finding {
  // The write-ahead log, indexes and what was freed and not yet used again are about as much again.
  const needed = retentionBytes * 2
  if (freeBytes === undefined || freeBytes >= needed)
    return ok('disk', `room for ${formatSize(retentionBytes)} of events`)
  return warn(
    'disk',
    `${formatSize(Math.floor(freeBytes / 1_048_576) * 1_048_576)} are free, and retention may need ${formatSize(needed)}; make room or lower retentionBytes`,
  )
}

function checkVersions({ node, sqlite }: Facts): Finding {
  const parts = sqlite.split('.').map(Number)
  const difference = leastSqlite.map((part, index) => (parts[index] ?? 0) - part).find((by) => by !== 0) ?? 0
  const text = `Node ${node}, SQLite ${sqlite}`
  return difference < 0
    ? fail('versions', `${text} is older than ${leastSqlite.join('.')}; use a newer Node`)
    : ok('versions', text)
}
