import { TidingsError } from '@tidings/protocol'
import { parseDuration } from '../config/quantity.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'

/** Reads a whole number from 1. */
export function readCount(flag: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new CliError(exitCode.usage, `${flag} ${text} is not a number from 1; give one such as 10`)
}

/** Reads how long to go on trying, in milliseconds; `forever` is infinity. */
export function readRetryFor(text: string): number {
  const duration = text === 'forever' ? Number.POSITIVE_INFINITY : parseDuration(text)
  if (duration !== undefined) return duration
  throw new CliError(
    exitCode.usage,
    `--retry-for ${text} is not a duration; give one such as 10m, or forever`,
  )
}

/** Runs a check of the protocol on something from the command line, so that the server need not be asked. */
export function checked<Value>(check: () => Value): Value {
  try {
    return check()
  } catch (error) {
    if (error instanceof TidingsError) throw new CliError(exitCode.usage, error.message, { cause: error })
    throw error
  }
}
