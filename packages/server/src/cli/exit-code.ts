/**
 * What the process answers when it ends, after BSD's sysexits where that has a word for it.
 * docs/cli.md lists them, and a test says so.
 */
export const exitCode = Object.freeze({
  ok: 0,
  /** The server could not start, e.g. because the port is in use. */
  failed: 1,
  /** The command line is wrong. */
  usage: 64,
  /** What was to be published, or asked for, was refused; trying again would not help. */
  refused: 65,
  /** The store is in use, damaged or foreign. */
  storeRefused: 66,
  /** The server, or its Redis, does not answer. */
  unavailable: 69,
  /** A mistake in Tidings itself. */
  internal: 70,
  /** The store failed while the server ran, or the output cannot be written. */
  storeFailed: 74,
  /** The configuration is wrong. */
  misconfigured: 78,
  /** A second signal ended the process before it had finished. */
  interrupted: 130,
} as const)
