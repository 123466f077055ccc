import type { OutgoingHttpHeaders } from 'node:http'
import { parseCursor } from '@tidings/protocol'
import { checkConduct, checkHistory, type History, type LogFacts, type Violation } from '../history/index.ts'
import { getText } from './get-text.ts'
import type { Publisher } from './publisher.ts'
import type { ServerProcess } from './server-process.ts'
import type { SseReader } from './sse-reader.ts'
import { until } from './until.ts'

/** What the log of a running server holds: the data of its events by id, oldest first. */
export interface StoredLog {
  readonly epoch: string
  readonly events: ReadonlyMap<string, string>
  /** The newest number that is gone. */
  readonly trimmedThrough: number
  readonly head: number
}

/**
 * Reads a server's whole log through its JSON pages.
 * @param headers of somebody who may read all of it.
 */
export async function readLog(url: string, headers: OutgoingHttpHeaders = {}): Promise<StoredLog> {
  const events = new Map<string, string>()
  let after: string | null = null
  let head = ''
  do {
    const query: URLSearchParams = new URLSearchParams({ topic: '**', limit: '1000', order: 'asc' })
    if (after !== null) query.set('after', after)
    const page = JSON.parse((await getText(`${url}/api/events?${query}`, headers)).text) as Page
    for (const { id, data } of page.events) events.set(id, JSON.stringify(data))
    head = page.head
    after = page.next
  } while (after !== null)
  const { epoch, seq } = parseCursor(head)!
  const [oldest] = events.keys()
  return {
    epoch,
    events,
    trimmedThrough: oldest === undefined ? seq : parseCursor(oldest)!.seq - 1,
    head: seq,
  }
}

interface Page {
  readonly events: readonly { readonly id: string; readonly data: unknown }[]
  readonly next: string | null
  readonly head: string
}

/** Who took part in a test. */
export interface Parties {
  readonly server: ServerProcess
  readonly publishers: readonly Publisher[]
  readonly readers: readonly SseReader[]
}

/**
 * Waits until every reader stands at the head of the log, and judges what everybody saw.
 * @param facts what was done to the log on purpose; what can be read from the log itself, if absent.
 */
export async function judge(parties: Parties, facts: Partial<LogFacts> = {}): Promise<readonly Violation[]> {
  const { server } = parties
  const violations = checkHistory(await settledHistory(await readLog(server.url), parties, facts))
  violations.push(...checkConduct({ output: server.output, unexpectedEnds: [] }))
  // One lost event in a long run is enough to know, and a thousand explanations help nobody.
  return violations.slice(0, 5)
}

/**
 * Waits until every reader stands at the head of the log, and gathers what everybody saw.
 * @param facts what was done to the log on purpose; what can be read from the log itself, if absent.
 */
export async function settledHistory(
  log: StoredLog,
  { publishers, readers }: Omit<Parties, 'server'>,
  facts: Partial<LogFacts> = {},
): Promise<History> {
  await Promise.all(readers.map((reader) => reachHead(reader, log)))
  return {
    publications: publishers.flatMap(({ publications }) => publications),
    streams: readers.map((reader) => reader.history(true)),
    facts: { epochs: [log.epoch], trimmedThrough: log.trimmedThrough, stored: log.events, ...facts },
  }
}

/** Waits until a reader stands at the head: events lead there, and heartbeats where they were not for it. */
async function reachHead(reader: SseReader, log: StoredLog): Promise<void> {
  const { name = reader.options.topics.join() } = reader.options
  await until(
    `"${name}" to reach #${log.head} of ${log.epoch}`,
    () => {
      const place = reader.lastEventId === undefined ? undefined : parseCursor(reader.lastEventId)
      return place !== undefined && place.epoch === log.epoch && place.seq >= log.head
    },
    { timeoutMs: 120_000, everyMs: 20 },
  )
}
