import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Contestant, contestants, type Found } from './parsers.ts'
import { type Receiver, receivers } from './receivers.ts'
import { makeStreams, type Stream } from './streams.ts'

const usage = `Usage: npm run bench -- parse [options]

Tidings' parser beside eventsource-parser, and its clients beside npm eventsource, which has that parser inside.
They take turns, round by round; the best round of each counts: what else the machine did is in the others.

  --rounds N   rounds (15; with --quick 3)
  --quick      a tenth of the work: to see that it works, not to compare
  --help`

/**
 * Compares parsers on streams in memory, then clients on a socket, and prints tables.
 * @throws Error with a message for the user.
 */
export async function runParse(parameters: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...parameters],
    options: { rounds: { type: 'string' }, quick: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return print(usage)
  const isQuick = values.quick ?? false
  const rounds = Number(values.rounds ?? (isQuick ? 3 : 15))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a whole number from 1.`)
  print(row(['', 'events/s', 'MB/s', '× peer']))
  for (const stream of makeStreams(isQuick)) compareParsers(stream, rounds)
  await compareReceivers(isQuick ? 20_000 : 200_000, isQuick ? rounds : Math.ceil(rounds / 3))
}

function compareParsers(stream: Stream, rounds: number): void {
  const best = new Map<Contestant, number>()
  const expected = contestants.at(-1)!.parse(stream)
  // The first round is not counted: compilers warm up.
  for (let round = 0; round <= rounds; round++) {
    // Each begins as often as the other.
    const turn = round % 2 === 0 ? contestants : contestants.toReversed()
    for (const contestant of turn) {
      const seconds = timeOf(() => check(contestant.parse(stream), expected, contestant.name))
      if (round > 0) best.set(contestant, Math.min(seconds, best.get(contestant) ?? Infinity))
    }
  }
  report(
    stream.title,
    contestants.map((contestant) => ({ name: contestant.name, seconds: best.get(contestant)! })),
    stream,
  )
}

async function compareReceivers(events: number, rounds: number): Promise<void> {
  const worker = new Worker(new URL('./server.ts', import.meta.url), { workerData: events })
  const [port] = (await once(worker, 'message')) as [number]
  const url = `http://127.0.0.1:${port}/events`
  const best = new Map<Receiver, number>()
  for (let round = 0; round <= rounds; round++) {
    for (const receiver of receivers) {
      const start = performance.now()
      await receiver.receive(url, events)
      const seconds = (performance.now() - start) / 1_000
      if (round > 0) best.set(receiver, Math.min(seconds, best.get(receiver) ?? Infinity))
    }
  }
  await worker.terminate()
  report(
    `over a socket: ${events.toLocaleString('en')} small events, from the request to the last of them`,
    receivers.map((receiver) => ({ name: receiver.name, seconds: best.get(receiver)! })),
    { events },
  )
}

function timeOf(work: () => void): number {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1_000
}

/** A parser that finds less is faster, and no parser. */
function check(found: Found, { events, characters }: Found, name: string): void {
  if (found.events !== events || found.characters !== characters)
    throw new Error(
      `${name} found ${found.events} events, ${found.characters} characters, not ${events}, ${characters}.`,
    )
}

/** The last is the peer. */
function report(
  title: string,
  measured: readonly { readonly name: string; readonly seconds: number }[],
  { events, bytes }: { readonly events: number; readonly bytes?: number },
): void {
  print(`\n${title}`)
  const peer = measured.at(-1)!
  for (const { name, seconds } of measured) {
    const megabytes = bytes === undefined ? '' : (bytes / 1e6 / seconds).toFixed(0)
    const ratio = (peer.seconds / seconds).toFixed(2)
    print(row([`  ${name}`, Math.round(events / seconds).toLocaleString('en'), megabytes, ratio]))
  }
}

function row([name, ...figures]: readonly string[]): string {
  return name!.padEnd(24) + figures.map((figure) => figure.padStart(12)).join('')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
