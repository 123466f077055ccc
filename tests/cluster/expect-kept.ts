import { expect } from 'vitest'
import { checkConduct, checkHistory, type History, type LogFacts, plantBugs } from '../history/index.ts'
import type { Publisher } from '../support/publisher.ts'
import type { SseReader } from '../support/sse-reader.ts'
import { readLog, settledHistory } from '../support/verdict.ts'
import type { Cluster } from './cluster.ts'
import { keepFigures } from './figures.ts'

/** Who took part in a test. */
export interface Parties {
  readonly cluster: Cluster
  readonly publishers: readonly Publisher[]
  readonly readers: readonly SseReader[]
  /** Of somebody who may read everything, if not everybody may. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Waits until all nodes are ready and all readers at the head; expects that every promise was kept and that no node
 * died or complained, and that the checker would have seen it otherwise.
 * @param facts what was done to the log on purpose.
 */
export async function expectKept(parties: Parties, facts: Partial<LogFacts> = {}): Promise<History> {
  const { cluster } = parties
  await cluster.isReady()
  const log = await readLog(cluster.node(0).server.url, parties.headers)
  const history = await settledHistory(log, parties, facts)
  // One lost event in a long run is enough to know, and a thousand explanations help nobody.
  expect(checkHistory(history).slice(0, 5)).toEqual([])
  for (const { server } of cluster.nodes) {
    expect(checkConduct({ output: server.output, unexpectedEnds: [] })).toEqual([])
  }
  expectBugsToBeSeen(history)
  keepFigures({
    acknowledged: parties.publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    attempts: history.publications.reduce((sum, { attempts }) => sum + attempts.length, 0),
    publications: history.publications.length,
    streams: parties.readers.length,
    deliveries: parties.readers.reduce((sum, { received }) => sum + received, 0),
    connections: parties.readers.reduce((sum, { connections }) => sum + connections, 0),
    gaps: parties.readers.reduce((sum, reader) => sum + reader.said('gap').length, 0),
    withdrawn: facts.withdrawn?.size ?? 0,
  })
  return history
}

/** Plants bugs into a history that really was, and expects that the checker sees each of them. */
function expectBugsToBeSeen(history: History): void {
  const { planted, unseen } = plantBugs(history)
  expect(unseen).toEqual([])
  // Those that need no more than a few events and streams.
  expect(planted.length).toBeGreaterThanOrEqual(10)
}
