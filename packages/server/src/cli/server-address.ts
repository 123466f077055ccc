import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { readCredential } from './credential.ts'
import { exitCode } from './exit-code.ts'

/** Where a Tidings server is, for the verbs that talk to one. */
export interface ServerAddress {
  /** Without credentials, ending in a slash. */
  readonly base: URL
  /**
   * Headers for every request: the key or token, or else credentials of the URL, for a proxy in front of the server.
   * Read anew each time, so that a file with a newer token counts.
   */
  readonly headers: Readonly<Record<string, string>>
}

const standard = 'http://localhost:3000'

/** Flags that say where a server is, and what to show it. */
export interface AddressOptions {
  readonly url?: string
  readonly keyFile?: string
}

/** Gives a verb its `--url` and `--key-file`. */
export function addUrlOption(command: Command): Command {
  return command
    .option('--url <url>', `the server (environment TIDINGS_URL; default ${standard})`)
    .option('--key-file <file>', 'a file with a key or a token for the server (or environment TIDINGS_KEY)')
}

/**
 * Reads the address of the server from the flag or the environment.
 * @throws CliError if it is no http(s) URL.
 */
export function readServerAddress({ url: flag, keyFile }: AddressOptions): ServerAddress {
  const text = flag ?? (process.env.TIDINGS_URL || standard)
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      exitCode.usage,
      `${JSON.stringify(text)} is not the URL of a server; give one such as ${standard}`,
    )
  }
  const { username, password } = url
  const base = new URL(`${url.origin}${url.pathname.replace(/\/*$/, '/')}`)
  const isBare = username === '' && password === ''
  const credential = readCredential(keyFile)
  if (isBare && credential === undefined) return { base, headers: {} }
  if (isBare) {
    return {
      base,
      get headers() {
        return { authorization: `Bearer ${readCredential(keyFile) ?? ''}` }
      },
    }
  }
  if (credential !== undefined) {
    throw new CliError(
      exitCode.usage,
      'the URL has a user and a password, and there is a key too, but a request has room for one; leave one out',
    )
  }
  // fetch refuses credentials in a URL, and they have no business in messages and logs.
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { base, headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } }
}
