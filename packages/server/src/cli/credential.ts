import { readFileSync } from 'node:fs'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'

/**
 * The key or token that the verbs show to a server: from a file, or the environment. Never from a flag, which
 * everybody on the machine can read.
 * @throws CliError if the file can't be read, or what is there can't be a credential.
 */
export function readCredential(keyFile: string | undefined): string | undefined {
  const [text, source] =
    keyFile === undefined
      ? [process.env.TIDINGS_KEY, 'TIDINGS_KEY']
      : [readKeyFile(keyFile), `the file ${keyFile}`]
  const credential = text?.trim()
  if (credential === undefined || credential === '') {
    if (keyFile === undefined) return undefined
    throw new CliError(exitCode.usage, `${source} is empty; put a key or a token into it`)
  }
  if (/^[\x21-\x7e]+$/.test(credential)) return credential
  throw new CliError(
    exitCode.usage,
    `${source} holds something that is no key and no token; check what was copied`,
  )
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(exitCode.usage, `--key-file ${file} cannot be read: ${(error as Error).message}`)
  }
}
