import {
  type DestinationStream,
  type Logger,
  type LoggerOptions as LoggerSettings,
  pino,
  stdSerializers,
} from 'pino'
import { escapeBeyondJson, escapeControls, escapeStack } from './escaping.ts'
import { withoutSecretFields, withoutSecrets } from './redaction.ts'

export type { Logger } from 'pino'

/** How to log. */
export interface LoggerOptions {
  /** The least important level that is written: `trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`. */
  readonly level: string
  /** `auto` is `pretty` on a terminal and `json` elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** The number of the worker, in every line of it; absent if there is one process. */
  readonly worker?: number | undefined
  /** Where lines go; standard output, if absent. */
  readonly destination?: DestinationStream & NodeJS.WritableStream
}

/**
 * Makes the logger of a server. Untrusted text belongs into its fields, which are escaped, never its messages.
 * Credentials never get through: neither under the name of one, nor where they stand in the midst of a text.
 */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const output = options.destination ?? pino.destination({ dest: 1, sync: true })
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true)
  return pino(pinoOptions(options), isPretty ? await prettified(output, options) : output)
}

function pinoOptions({ level, worker }: LoggerOptions): LoggerSettings {
  const withoutSecretsIn = (fields: object) => withoutSecretFields(fields) as Record<string, unknown>
  return {
    level,
    base: worker === undefined ? null : { worker },
    formatters: { log: withoutSecretsIn },
    serializers: { err: (error: Error) => withoutSecretsIn(stdSerializers.err(error)) },
    hooks: { streamWrite: (line) => escapeBeyondJson(withoutSecrets(line)) },
  }
}

/** Lines for people. In this process rather than in a worker: nothing is lost when the process ends. */
async function prettified(
  output: DestinationStream,
  { destination }: LoggerOptions,
): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty')
  const colorize = destination === undefined && process.stdout.isTTY === true
  const prettify = prettyFactory({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', colorize })
  return {
    write: (line) => void output.write(escapeBeyondJson(prettify(JSON.parse(line, escapeAsPrinted)))),
  }
}

/** Fields are printed as JSON, and so without control characters; these two as they are. */
function escapeAsPrinted(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (name === 'stack') return escapeStack(value)
  return name === 'msg' ? escapeControls(value) : value
}
