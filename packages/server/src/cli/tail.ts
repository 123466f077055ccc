import { styleText } from 'node:util'
import { checkPattern, checkType } from '@tidings/protocol'
import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type Followed, followEvents } from './event-stream.ts'
import { exitCode } from './exit-code.ts'
import { checked, readCount, readRetryFor } from './option.ts'
import { addUrlOption, readServerAddress } from './server-address.ts'
import { notice, printable, write } from './terminal.ts'

const examples = `
A topic may be a pattern: "*" stands for one segment, a final "**" for the rest. Without a topic: broadcast.
Goes on through lost connections and restarts of the server without losing an event; notices of such things,
and of gaps that retention left, are written to standard error.

Examples:
  $ tidings tail                                   # broadcast
  $ tidings tail 'orders/*' 'user/**' --types created,paid
  $ tidings tail logs/app --last 100
  $ tidings tail 'orders/*' --json | jq -r '.topic + " " + .data'
  $ tidings tail jobs/7 --types done --count 1     # wait for one event`

interface Options {
  readonly url?: string
  readonly keyFile?: string
  readonly types?: string
  readonly last?: string
  readonly since?: string
  readonly json?: true
  readonly count?: string
  readonly retryFor: string
}

/** Gives the verb its flags. */
export function define(command: Command): void {
  addUrlOption(command)
    .description('Follow topics: one line for each event, with its id, time, topic, type and data.')
    .argument('[topics...]', 'topics or patterns')
    .option('--types <types>', 'only these types, separated by commas')
    .option('--last <number>', 'begin with the last events')
    .option('--since <id>', 'begin after the event with this id')
    .option('--json', 'a JSON object on each line: id, topic, type, time, and data as the text that was sent')
    .option('--count <number>', 'end after so many events')
    .option('--retry-for <duration>', 'how long to try when the server does not answer', 'forever')
    .addHelpText('after', examples)
    .action(tail)
}

async function tail(topics: readonly string[], options: Options): Promise<void> {
  const wanted = options.count === undefined ? Number.POSITIVE_INFINITY : readCount('--count', options.count)
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  const format = options.json ? jsonLine : plainLine
  let left = wanted
  for await (const events of followEvents({
    address: readServerAddress(options),
    query: queryOf(topics, options),
    since: options.since,
    retryForMs: readRetryFor(options.retryFor),
    signal: stopped.signal,
    onNotice: notice,
  })) {
    const shown = events.slice(0, left)
    await write(process.stdout, shown.map(format).join(''))
    left -= shown.length
    if (left === 0) return
  }
}

function queryOf(topics: readonly string[], { types, last, since }: Options): URLSearchParams {
  if (last !== undefined && since !== undefined) {
    throw new CliError(exitCode.usage, '--last and --since are two beginnings; give one of them')
  }
  const query = new URLSearchParams()
  for (const topic of topics)
    query.append(
      'topic',
      checked(() => checkPattern(topic)),
    )
  if (types !== undefined) {
    query.set(
      'types',
      types
        .split(',')
        .map((type) => checked(() => checkType(type)))
        .join(','),
    )
  }
  if (last !== undefined) query.set('last', String(readCount('--last', last)))
  return query
}

function jsonLine({ id, topic, type, timeMs, data }: Followed): string {
  return `${JSON.stringify({ id, topic, type, time: isoTime(timeMs), data })}\n`
}

/** One line an event, whatever it holds: a payload must not be able to steer the terminal. */
function plainLine({ id, topic = '-', type, timeMs, data }: Followed): string {
  const style = (format: 'dim' | 'cyan' | 'green', text: string) =>
    styleText(format, printable(text), { stream: process.stdout })
  const where = `${style('dim', `${id} ${isoTime(timeMs) ?? '-'}`)} ${style('green', topic)}`
  return `${where} ${style('cyan', type)} ${printable(data)}\n`
}

/** As pages of the log say it. What is no time that a calendar knows is left out. */
function isoTime(timeMs: number | undefined): string | undefined {
  const time = new Date(timeMs ?? Number.NaN)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
