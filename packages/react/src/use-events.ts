import type { TidingsEvent } from '@tidings/client'
import { useMemo, useSyncExternalStore } from 'react'
import { EventWindow } from './observe/event-window.ts'
import { useTidingsRoot } from './use-tidings.ts'

/** Which events, and how many. */
export interface EventsOptions {
  /** Only events of these types; all, if absent. */
  readonly types?: readonly string[] | undefined
  /** How many are kept, the newest: 100 if absent. */
  readonly keep?: number | undefined
  /** Begin with this many of the log, as far as they are kept: 0 if absent. */
  readonly past?: number | undefined
}

/**
 * The newest events of a topic, a pattern, or several of them, oldest first. All that arrive are in it, bursts too,
 * until `keep` newer ones have come; React renders at most once a frame. The topics are added to the stream as long as
 * the component is mounted.
 */
export function useEvents(
  topic: string | readonly string[],
  options: EventsOptions = {},
): readonly TidingsEvent[] {
  const root = useTidingsRoot()
  const { keep = 100, past = 0 } = options
  // Lists are compared by what is in them: a component writes them anew at each render. No topic or type has an LF.
  const topics = typeof topic === 'string' ? topic : topic.join('\n')
  const types = options.types?.join('\n')
  const events = useMemo(
    () => new EventWindow(root, { topics: split(topics), types: types?.split('\n'), keep, past }),
    [root, topics, types, keep, past],
  )
  return useSyncExternalStore(events.subscribe, events.getSnapshot, events.getServerSnapshot)
}

function split(list: string): string[] {
  return list === '' ? [] : list.split('\n')
}
