import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'

/** Where a Tidings server is, for the verbs that talk to one. */
export interface ServerAddress {
  /** Without credentials, ending in a slash. */
  readonly base: URL
  /** Headers for every request: credentials of the URL, for a proxy in front of the server. */
  readonly headers: Readonly<Record<string, string>>
}

const standard = 'http://localhost:3000'

/** Gives a verb its `--url`. */
export function addUrlOption(command: Command): Command {
  return command.option('--url <url>', `the server (environment TIDINGS_URL; default ${standard})`)
}

/**
 * Reads the address of the server from the flag or the environment.
 * @throws CliError if it is no http(s) URL.
 */
export function readServerAddress(flag: string | undefined): ServerAddress {
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
  if (username === '' && password === '') return { base, headers: {} }
  // fetch refuses credentials in a URL, and they have no business in messages and logs.
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { base, headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } }
}
