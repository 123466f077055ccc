/** Milliseconds. */
export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour
export const year = 365 * day

/** Bytes. */
export const kib = 1_024
export const mib = 1_024 * kib
export const gib = 1_024 * mib
export const tib = 1_024 * gib

/** Node runs a timer that is longer than this at once, so no setting that becomes a timer may be. */
export const longestTimer = 24 * day
