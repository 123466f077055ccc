import { type Cursor, epochLength, randomBase36 } from '@tidings/protocol'
import type { Asking } from './asking.ts'
import { type LogState, placeArgs, readState, type StateReply } from './log-state.ts'
import type { RedisFacts } from './redis-facts.ts'
import { scripts } from './scripts.ts'

/** Where the log goes on, for one who has seen it up to a place. */
export interface Resumption {
  readonly state: LogState
  /** `seen` if that place is in the log and what came next still is, too; anything else is a hole. */
  readonly standing: 'seen' | 'trimmed' | 'lost' | 'new'
}

/** Who asks where the log stands, and where. */
export interface Follower {
  /** The log's three keys. */
  readonly keys: readonly string[]
  /** Of the Redis that is asked. */
  readonly facts: RedisFacts
  /** What must still be there; absent on a first visit. */
  readonly place: Cursor | undefined
}

/**
 * Asks Redis where the log stands. It begins a log where there is none, and a new epoch where nobody can vouch for
 * the past.
 * @throws Error if this Redis is a replica: what it holds may be old.
 */
export async function follow(redis: Asking, { keys, facts, place }: Follower): Promise<Resumption> {
  if (!facts.isMaster) throw new Error('it is a replica')
  const args = [newEpoch(), facts.run, facts.isProvable ? '1' : '0', ...placeArgs(place)]
  // As a text: a Redis that was just started knows no script, and few are asked so seldom.
  const reply = await redis.sendCommand(['EVAL', scripts.follow.text, String(keys.length), ...keys, ...args])
  const [state, standing] = reply as [StateReply, Resumption['standing']]
  return { state: readState(state), standing }
}

/** An epoch that was never used. */
export function newEpoch(): string {
  return randomBase36(epochLength)
}
