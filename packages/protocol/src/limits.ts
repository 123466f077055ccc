/**
 * Every bound that both sides of the wire know (PROTOCOL §10).
 * Bounds that an operator may move (connections, body sizes …) live in the server's configuration.
 */
export const limits = Object.freeze({
  /** A topic or pattern, in UTF-8 bytes: fits an index page and a URL with room to spare. */
  topicBytes: 256,
  /** Segments of a topic or pattern. Matching costs one step a segment. */
  topicSegments: 32,
  /** An event's type, in UTF-16 code units. It is repeated in every delivery. */
  typeLength: 64,
  /** A cursor on the wire, in characters: a longer header would force a CORS preflight at each reconnect. */
  cursorLength: 64,
  /** An Idempotency-Key, in characters. */
  idempotencyKeyLength: 255,
  /** Objects and arrays inside one another in an event's data. Parsers on phones recurse. */
  dataDepth: 64,
  /** Values in an event's data, objects and arrays included: each becomes an object at every reader. */
  dataValues: 1_000_000,
  /** A payload, in UTF-16 code units. An operator's own bound on events is at most this. */
  payloadLength: 2 ** 26,
  /** The largest `retry:` in milliseconds: what a signed 32-bit timer holds. */
  retryMs: 2 ** 31 - 1,
} as const)
