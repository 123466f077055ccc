import { parseCursor } from '@tidings/protocol'
import type { Publisher } from '../support/publisher.ts'
import type { SseReader } from '../support/sse-reader.ts'

/**
 * The ids of all events that somebody knows of now and that a Redis which holds nothing beyond a number has lost. To be
 * asked while no node can reach it: afterwards the same numbers are other events.
 * @param kept the newest number that is left.
 * @param epoch in which they were stored.
 */
export function lostEvents(
  publishers: readonly Publisher[],
  readers: readonly SseReader[],
  kept: number,
  epoch: string,
): Set<string> {
  const acknowledged = publishers.flatMap(({ publications }) =>
    publications.flatMap(({ attempts }) =>
      attempts.flatMap((attempt) => (attempt.kind === 'acknowledged' ? attempt.ids : [])),
    ),
  )
  const shown = readers.flatMap(({ blocks }) => blocks.flatMap(({ id }) => id ?? []))
  const isLost = (id: string) => {
    const place = parseCursor(id)!
    return place.epoch === epoch && place.seq > kept
  }
  return new Set([...acknowledged, ...shown].filter(isLost))
}
