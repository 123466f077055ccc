import { ConfigError } from '../config/config-error.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'

/** How a command ends that has failed, and what it says. */
export interface Failure {
  readonly exitCode: number
  readonly message: string
}

/** The failure that an error is. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ConfigError) return { exitCode: exitCode.misconfigured, message: error.message }
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message }
  const told = error instanceof Error ? error.stack : String(error)
  return { exitCode: exitCode.internal, message: `a mistake in Tidings itself: ${told}` }
}
