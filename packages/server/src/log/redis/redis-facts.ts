import type { Durability } from '../event-log.ts'
import { StoreRefused } from '../store-refused.ts'
import type { Asking } from './asking.ts'

/** What a Redis is, and what it is set to, as far as it tells. */
export interface RedisFacts {
  /** Its name for this run: another after each start, and each time that it was promoted. */
  readonly run: string
  readonly version: string
  readonly isMaster: boolean
  /** What an acknowledgement of it is worth. */
  readonly durability: Durability
  /** Whether it removes any keys when memory is short, or has done so: then the index of a topic may be gone alone. */
  readonly isEvicting: boolean
  /** Whether a restart cannot have lost what was acknowledged before: then the past is still vouched for. */
  readonly isProvable: boolean
  /** What it is set to that loses events, each with its remedy. */
  readonly warnings: readonly string[]
}

const oldestMajor = 7

/**
 * Asks Redis. What it does not tell (a service may forbid CONFIG) counts as the worse.
 * @throws Error while it is loading its data: until then it says that it appends to no file.
 */
export async function readFacts(connection: Asking): Promise<RedisFacts> {
  const [info, config] = await Promise.all([
    connection.sendCommand(['INFO']),
    connection.sendCommand(['CONFIG', 'GET', 'appendfsync', 'no-appendfsync-on-rewrite']).then(
      (reply) => pairsOf(reply as string[]),
      () => undefined,
    ),
  ])
  const fields = fieldsOf(String(info))
  if (fields.get('loading') === '1') throw new Error('it is loading its data')
  return judge(fields, config)
}

/**
 * @param info the fields of INFO.
 * @param config directives of CONFIG; absent if Redis does not tell.
 */
export function judge(
  info: ReadonlyMap<string, string>,
  config: ReadonlyMap<string, string> | undefined,
): RedisFacts {
  const of = (name: string) => info.get(name) ?? ''
  // Switched on a moment ago, the file does not count before it was written whole for the first time: until then a
  // crash leaves nothing of it.
  const isRewriting = of('aof_rewrite_in_progress') === '1' || of('aof_rewrite_scheduled') === '1'
  const isBeginning = of('aof_enabled') === '1' && isRewriting && of('aof_base_size') === '0'
  const isAppending = of('aof_enabled') === '1' && !isBeginning
  const appendfsync = config?.get('appendfsync')
  const isResting = config?.get('no-appendfsync-on-rewrite') === 'yes'
  const durability = durabilityOf(isAppending, isResting ? 'no' : appendfsync)
  const warnings: string[] = []
  const isShort = of('maxmemory') !== '0'
  const isEvicting =
    (isShort && of('maxmemory_policy').startsWith('allkeys')) || Number(of('evicted_keys')) > 0
  if (isShort && of('maxmemory_policy') !== 'noeviction') {
    warnings.push(
      `maxmemory-policy is ${of('maxmemory_policy')}, which removes events when memory is short;` +
        ' set it to noeviction: CONFIG SET maxmemory-policy noeviction',
    )
  }
  if (isBeginning) {
    warnings.push(beginning)
  } else if (!isAppending) {
    warnings.push(
      'appendonly is no, so that a restart loses events that were acknowledged; set it: CONFIG SET appendonly yes',
    )
  } else if (appendfsync === undefined) {
    warnings.push(
      'CONFIG is forbidden, so that nobody can tell what an acknowledgement is worth; allow CONFIG GET',
    )
  } else if (appendfsync !== 'always') {
    warnings.push(
      `appendfsync is ${appendfsync}, so that a crash loses up to a second of events that were acknowledged;` +
        ' set it to always: CONFIG SET appendfsync always',
    )
  } else if (isResting) {
    warnings.push(
      'no-appendfsync-on-rewrite is yes, so that a crash during a rewrite loses events that were acknowledged;' +
        ' set it: CONFIG SET no-appendfsync-on-rewrite no',
    )
  }
  // A replica that was promoted may not have had everything; nor has the master of before, if it had to follow it.
  const formerMaster = of('master_replid2')
  const wasPromoted = /[^0]/.test(formerMaster)
  return {
    run: wasPromoted ? `${of('run_id')} after ${formerMaster}` : of('run_id'),
    version: of('valkey_version') || of('redis_version'),
    isMaster: of('role') === 'master',
    durability,
    isEvicting,
    isProvable: durability === 'fsync' && !wasPromoted && !isEvicting,
    warnings,
  }
}

/**
 * Refuses a Redis that gives less than is asked for.
 * @param least what an acknowledgement has to be worth.
 * @throws StoreRefused with the remedy.
 */
export function checkFacts(facts: RedisFacts, least: Durability, shown: string): void {
  if (Number.parseInt(facts.version, 10) < oldestMajor) {
    throw new StoreRefused(
      `${shown} is Redis ${facts.version}; Tidings needs Redis ${oldestMajor} or later, or Valkey.`,
    )
  }
  if (least === 'memory') return
  // That passes: it is waited for like a Redis that is not there yet.
  if (facts.warnings.includes(beginning)) throw new Error(beginning)
  const isEvicting = facts.warnings.some((warning) => warning.startsWith('maxmemory-policy'))
  if (!isEvicting && rank[facts.durability] >= rank[least]) return
  const remedies = facts.warnings.map((warning) => `\n  ${warning}`).join('')
  throw new StoreRefused(
    `${shown} can lose events, and durability ${least} was asked for:${remedies}\n${lasting}\nOr accept the loss: --durability ${
      isEvicting ? 'memory' : facts.durability
    }`,
  )
}

/** A restart without `appendonly` reads an old snapshot, or nothing, instead of the file that has everything. */
const lasting = 'And put it into redis.conf, or CONFIG REWRITE: a restart forgets what was only SET.'

const beginning =
  'the append-only file is still being written for the first time, and counts only when that is done'

const rank: Readonly<Record<Durability, number>> = { memory: 0, 'os-buffer': 1, fsync: 2 }

function durabilityOf(isAppending: boolean, appendfsync: string | undefined): Durability {
  if (!isAppending) return 'memory'
  return appendfsync === 'always' ? 'fsync' : 'os-buffer'
}

function pairsOf(reply: readonly string[]): Map<string, string> {
  return new Map(reply.flatMap((name, at) => (at % 2 === 0 ? [[name, reply[at + 1]!] as const] : [])))
}

function fieldsOf(info: string): Map<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'))
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const),
  )
}
