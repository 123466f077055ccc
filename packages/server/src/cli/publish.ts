import { randomUUID } from 'node:crypto'
import { checkEvent, checkTopic, checkType, type EventInput } from '@tidings/protocol'
import { type Command, Option } from 'commander'
import { formatSize, parseSize } from '../config/quantity.ts'
import { defaultSettings } from '../config/settings.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import { gatherLines } from './line-batches.ts'
import { encodeEvent, type LineReading, mostLineBytes } from './line-event.ts'
import { LineSender } from './line-sender.ts'
import { LineSplitter } from './line-splitter.ts'
import { checked, readRetryFor } from './option.ts'
import { Publisher } from './publisher.ts'
import { addUrlOption, readServerAddress } from './server-address.ts'
import { notice, write } from './terminal.ts'

const examples = `
Without --data and --text, the lines of standard input are published: in batches, in order, each once, however
often the connection or the server goes away meanwhile. The answer to a single publish is its id.

Examples:
  $ tidings publish --topic orders/42 --type created --data '{"total": 12.5}'
  $ tidings publish --topic broadcast --text hello
  $ tail -f app.log | tidings publish --topic logs/app
  $ tidings publish --topic readings --json < readings.jsonl    # every line is the data of an event
  $ tidings publish --ndjson < events.ndjson                    # every line is {"topic", "type", "data"}`

interface Options {
  readonly url?: string
  readonly keyFile?: string
  readonly topic?: string
  readonly type?: string
  readonly data?: string
  readonly text?: string
  readonly idempotencyKey?: string
  readonly json?: true
  readonly ndjson?: true
  readonly onError: 'stop' | 'skip'
  readonly retryFor?: string
  readonly maxEventBytes: string
  readonly maxBodyBytes: string
  readonly quiet?: true
}

/** Far below what a person notices, and enough for a burst to become one batch. */
const lingerMs = 20
/** How long a signal leaves for what has been read but not published. */
const flushMs = 10_000

/** Gives the verb its flags. */
export function define(command: Command): void {
  const { maxEventBytes, maxBodyBytes } = defaultSettings
  addUrlOption(command)
    .description('Publish one event, or the lines of standard input.')
    .option('--topic <topic>', 'where to publish')
    .option('--type <type>', 'the type of the event or events (default message)')
    .addOption(new Option('--data <json>', 'the data of one event').conflicts(['json', 'ndjson']))
    .addOption(new Option('--text <text>', 'the text of one event').conflicts(['data', 'json', 'ndjson']))
    .option('--idempotency-key <key>', 'publish this one event once, however often this is repeated')
    .option('--json', 'each line of standard input is the JSON data of an event')
    .addOption(
      new Option(
        '--ndjson',
        'each line is a whole event: {"topic", "type", "data"} or with "text"',
      ).conflicts(['topic', 'type', 'json']),
    )
    .addOption(
      new Option('--on-error <what>', 'at a line that cannot be published')
        .choices(['stop', 'skip'])
        .default('stop'),
    )
    .option('--retry-for <duration>', 'how long to try (default forever for standard input, else 0s)')
    .option('--max-event-bytes <size>', 'of one event, as on the server', formatSize(maxEventBytes))
    .option('--max-body-bytes <size>', 'of one request, as on the server', formatSize(maxBodyBytes))
    .option('--quiet', 'do not print the id')
    .addHelpText('after', examples)
    .action(publish)
}

async function publish(options: Options): Promise<void> {
  const { topic, type, data, text } = options
  if (topic !== undefined) checked(() => checkTopic(topic))
  else if (!options.ndjson) throw wrong('--topic is missing: say where to publish, such as --topic orders/42')
  if (type !== undefined) checked(() => checkType(type))
  if (data !== undefined || text !== undefined) return publishOne(options)
  if (options.idempotencyKey !== undefined) {
    throw wrong('--idempotency-key goes with one event, --data or --text; lines get keys of their own')
  }
  return publishInput(options)
}

async function publishOne(options: Options): Promise<void> {
  const { topic = '', type, data, text, idempotencyKey } = options
  const event: EventInput = {
    topic,
    ...(type === undefined ? {} : { type }),
    ...(data === undefined ? { text: text ?? '' } : { data: parseData(data) }),
  }
  const body = encodeEvent(checked(() => checkEvent(event)))
  const publisher = createPublisher(options, '0s')
  process.once('SIGINT', () => process.exit(exitCode.interrupted))
  const outcome = await publisher.publish(body, idempotencyKey ?? randomUUID())
  if (outcome.kind === 'refused') throw new CliError(exitCode.refused, outcome.refusal.detail)
  if (!options.quiet) await write(process.stdout, outcome.ids.map((id) => `${id}\n`).join(''))
}

async function publishInput(options: Options): Promise<void> {
  const { topic, type, json, ndjson, onError } = options
  const reading: LineReading = {
    format: ndjson ? 'ndjson' : json ? 'json' : 'text',
    topic,
    type,
    maxEventBytes: readSize('--max-event-bytes', options.maxEventBytes),
  }
  const publisher = createPublisher(options, 'forever')
  const maxBodyBytes = readSize('--max-body-bytes', options.maxBodyBytes)
  const sender = new LineSender({ publisher, reading, maxBodyBytes, onError })
  const splitter = new LineSplitter(mostLineBytes(reading))
  const signal = stopOnSignal(publisher)
  const input = process.stdin
  if (input.isTTY) notice('publishing the lines you type; Ctrl-D ends')
  const gathering = {
    mostLines: defaultSettings.maxBatchEvents,
    mostLength: maxBodyBytes / 2,
    lingerMs,
    signal,
  }
  for await (const lines of gatherLines(input, splitter, gathering)) await sender.send(lines)
  if (signal.aborted && splitter.unfinishedBytes > 0) {
    notice(`the last line had no end yet; its ${splitter.unfinishedBytes} bytes are not published`)
  }
  sender.finish()
}

/** The first signal ends the reading, and what has been read is published; the second ends everything. */
function stopOnSignal(publisher: Publisher): AbortSignal {
  const stopped = new AbortController()
  const stop = () => {
    if (stopped.signal.aborted) process.exit(exitCode.interrupted)
    stopped.abort()
    publisher.finishWithin(flushMs)
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return stopped.signal
}

function createPublisher(options: Options, standardRetryFor: string): Publisher {
  const retryForMs = readRetryFor(options.retryFor ?? standardRetryFor)
  return new Publisher({ address: readServerAddress(options), retryForMs, onNotice: notice })
}

function parseData(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrong(`--data is not valid JSON (${(error as Error).message}); for plain text there is --text`)
  }
}

function readSize(flag: string, text: string): number {
  const size = parseSize(text)
  if (size) return size
  throw wrong(`${flag} ${text} is not a size; give one such as 256KiB`)
}

function wrong(message: string): CliError {
  return new CliError(exitCode.usage, message)
}
