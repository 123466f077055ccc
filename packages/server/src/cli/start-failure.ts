import type { Settings } from '../config/settings.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'

/** Makes one clear line, with the remedy, of what commonly keeps a server from starting. */
export function explainStart(thrown: unknown, { port, host }: Settings): Error {
  const error = thrown as NodeJS.ErrnoException
  const because = (code: number, message: string) => new CliError(code, message, { cause: error })
  if (error.name === 'StoreRefused') return because(exitCode.storeRefused, error.message)
  if (error.syscall !== 'listen' && error.syscall !== 'getaddrinfo') return error
  const causes: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} is in use: stop the program that has it, or choose another with --port`,
    EACCES: `port ${port} may not be used by this user: choose one above 1023 with --port`,
    EADDRNOTAVAIL: `host ${host} is not an address of this machine: choose another with --host`,
    ENOTFOUND: `host ${host} is not known: choose another with --host`,
    ENOTSUP: 'this system cannot share a port among several workers: use --workers 1',
  }
  return because(
    exitCode.failed,
    causes[error.code ?? ''] ?? `cannot listen on ${host}:${port}: ${error.message}`,
  )
}
