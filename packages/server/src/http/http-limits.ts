const second = 1_000

/** Bounds of HTTP itself, of every version. A peer that is slower, or says more, is hung up on. */
export const httpLimits = Object.freeze({
  /** Connections beside those of streams: requests, and those who connect and say nothing. Each is a descriptor. */
  idleConnections: 2_000,
  /** Until the headers are there: what a slow phone needs, and a slow attacker must not have. */
  headersTimeoutMs: 10 * second,
  /** Until the body is there. */
  requestTimeoutMs: 30 * second,
  /** How often the two above are looked at; Node's 30 s would make them coarse. */
  checkEveryMs: 5 * second,
  /** An idle connection: longer than the 60 s of common proxies, so that they and not we close first. */
  keepAliveMs: 72 * second,
  /** URL and headers together, in bytes. */
  headerBytes: 16 * 1024,
  /** A parameter in the path: a topic's 256 bytes, percent-encoded, with room. */
  paramLength: 1_024,
})

/** Bounds of TLS. */
export const tlsLimits = Object.freeze({
  /** Until the handshake is done: a few round trips and one signature. */
  handshakeTimeoutMs: 10 * second,
  /** TLS 1.0 and 1.1 are broken (RFC 8996), and no browser of the last years needs them. */
  minVersion: 'TLSv1.2',
})

/** Bounds of HTTP/2, whose peers can ask for much with few bytes. */
export const http2Limits = Object.freeze({
  /**
   * Requests of one session that are open at once, streams included. One browser, with all its tabs, has one
   * session; Chromium itself opens at most 256 streams in it.
   */
  concurrentStreams: 250,
  /** Header fields of one request. A browser sends 25, and each cookie comes as a field of its own. */
  headerPairs: 128,
  /**
   * MiB that a session may hold: header tables, what waits to be sent. Beyond, new requests are refused until
   * there is room. Streams at rest hold next to nothing, and a slow reader's has less than 128 KiB waiting.
   */
  sessionMemoryMib: 16,
  /**
   * Requests that a client may take back at once, and a second: rapid reset (CVE-2023-44487) is nothing else. A
   * page that is left takes back all its streams, twice over if it is reloaded in between; a proxy in front
   * those of the readers that leave.
   */
  resetBurst: 500,
  resetsPerSecond: 33,
  /** Malformed frames before the session ends: a working client sends none. Node's own bound is 1,000. */
  invalidFrames: 32,
  /** Requests beyond the bounds above before the session ends: a working client waits once it was told. */
  rejectedStreams: 100,
  /** Settings in one frame; there are seven. */
  settingsEntries: 16,
  /** PINGs and SETTINGS a second, on average over a few. A client sends one of either every few seconds. */
  controlFramesPerSecond: 20,
  /** Until an answer that is no stream has left: a page of the log, on a slow line. */
  answerTimeoutMs: 120 * second,
  /** Between our end of a connection and its client's, which may never come. */
  lingerMs: 5 * second,
})
