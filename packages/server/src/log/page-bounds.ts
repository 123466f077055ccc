/** What bounds the work for one page, so that a reader of a million events leaves the others their turn. */
export const pageBounds = Object.freeze({
  /** Payload bytes looked at in one page: what crosses between threads at once, and what memory holds of it. */
  bytes: 1024 * 1024,
  /** Events passed over in one page when walking the log: a few milliseconds. */
  walkedEvents: 10_000,
  /** Up to this many topics are each read from the index; with more the log is walked, most of it is wanted. */
  mergedTopics: 512,
} as const)
