import type { TidingsEvent } from '@tidings/client'
import { useCallback, useState } from 'react'

/** A list that stands still while somebody reads it. */
export interface Held {
  /** What to show. */
  readonly shown: readonly TidingsEvent[]
  readonly isHeld: boolean
  /** How many have come since; `isMore` says that there may be more. */
  readonly newer: number
  readonly isMore: boolean
  /** Keeps what is shown now. */
  hold(): void
  /** Shows what there is. */
  release(): void
}

/** Holds a list of events, oldest first, whenever it is asked to. */
export function useHeld(events: readonly TidingsEvent[]): Held {
  const [held, setHeld] = useState<readonly TidingsEvent[]>()
  const hold = useCallback(() => setHeld((before) => before ?? events), [events])
  const release = useCallback(() => setHeld(undefined), [])
  const last = held?.at(-1)
  const at = last === undefined ? -1 : events.lastIndexOf(last)
  return {
    shown: held ?? events,
    isHeld: held !== undefined,
    newer: held === undefined ? 0 : events.length - 1 - at,
    isMore: last !== undefined && at === -1,
    hold,
    release,
  }
}
