import type { TidingsEvent } from '@tidings/client'
import { type EventsOptions, useEvents } from './use-events.ts'

/** The newest event of a topic, a pattern, or several of them; `undefined` until one has come. `past: 1` asks the log. */
export function useLatest(
  topic: string | readonly string[],
  { types, past }: Pick<EventsOptions, 'types' | 'past'> = {},
): TidingsEvent | undefined {
  return useEvents(topic, { types, past, keep: 1 }).at(-1)
}
