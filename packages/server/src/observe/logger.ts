import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** How to log. */
export interface LoggerOptions {
  /** The least important level that is written: `trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`. */
  readonly level: string
  /** `auto` is `pretty` on a terminal and `json` elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** Where lines go; standard output, if absent. */
  readonly destination?: DestinationStream & NodeJS.WritableStream
}

/** Credentials never reach a log, wherever in an object they turn up. */
const secrets = [
  'authorization',
  'cookie',
  'set-cookie',
  'proxy-authorization',
  'token',
  'ticket',
  'secret',
  'jwtSecret',
]

const redactedPaths = secrets.flatMap((name) => {
  const key = `["${name}"]`
  return [key, `headers${key}`, `*${key}`, `*.headers${key}`]
})

/** Makes the logger of a server. Untrusted text belongs into its fields, which are escaped, never its messages. */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const pinoOptions = {
    level: options.level,
    base: null,
    redact: { paths: redactedPaths, censor: '[redacted]' },
  }
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true)
  if (!isPretty) return pino(pinoOptions, options.destination ?? pino.destination({ dest: 1, sync: true }))
  // In this process rather than in a worker: nothing is lost when the process ends, and only terminals pay for it.
  const { default: pretty } = await import('pino-pretty')
  const shape = { ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', sync: true }
  const colorize = options.destination === undefined && process.stdout.isTTY === true
  return pino(pinoOptions, pretty({ ...shape, colorize, destination: options.destination ?? 1 }))
}
