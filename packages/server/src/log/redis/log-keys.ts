/** The keys of one log in Redis; lua/log.lua says what they hold. */
export interface LogKeys {
  /** The three that every script is given. */
  readonly log: readonly [log: string, events: string, topics: string]
  readonly events: string
  /** A stream by which nodes find out whether what is written arrives. */
  readonly probes: string
}

/**
 * Probes kept: of all nodes together for some seconds, and no more than a tail reads at once. Whoever stood still for a
 * moment must still find word among them of a log that began anew.
 */
export const keptProbes = '256'

/** @param prefix of a `RedisAddress`. */
export function keysOf(prefix: string): LogKeys {
  const events = `${prefix}events`
  return { log: [`${prefix}log`, events, `${prefix}topics`], events, probes: `${prefix}probes` }
}
