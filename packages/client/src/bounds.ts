/** Every wait, queue and memory of a stream that has a bound, in one place. */

/** The first pause is at most this long, each further one at most twice as long. */
export const firstPauseMs = 1_000

/** No pause of our own is longer: a server that is back is found within this time. */
export const longestPauseMs = 30_000

/** Beyond this a timer would fire at once. */
export const timerMs = 2 ** 31 - 1

/** How many events wait for a loop, if it does not say. */
export const defaultQueueLimit = 1_000

/** The place and time of the newest event follow in `status` within this time: a burst is not a burst of renders. */
export const statusPauseMs = 250

/** A connection is good once it has lasted this long. */
export const provenMs = 5_000

/** No server takes longer to answer. Long, since some send no headers before their first event. */
export const answerMs = 120_000

/** A place is put at most this often. */
export const putMs = 1_000

/** How many ids are remembered: more than wait in any queue of ours, so that what arrives twice is noticed. */
export const recentIds = 8_192

/** How often a tab that heard nothing asks whether its leader is awake, in milliseconds. */
export const pingMs = 4_000

/** After so many questions in a row without an answer the leader is taken for frozen. */
export const pingsAtMost = 2

/** How many blocks may wait for a tab's handlers. Fewer than the ids that a stream remembers. */
export const inboxLimit = 4_096
