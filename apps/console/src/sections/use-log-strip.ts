import type { TidingsEvent } from '@tidings/client'
import { useCallback, useMemo, useReducer } from 'react'
import { isServersOwn } from '../stream/use-arrivals.ts'

/** An event of the log, as the strip shows it. */
export interface Cell {
  readonly id: string
  /** The first segment of its topic, which gives it its colour. */
  readonly root: string
  /** `waiting`: stored, and not here yet. `late`: it was missed, and has come. */
  readonly state: 'here' | 'waiting' | 'late'
}

/** What is known of the end of the log. */
interface Strip {
  readonly cells: readonly Cell[]
  /** The events of the last absence, in order; the newest of them, if there are many. */
  readonly missed: readonly TidingsEvent[]
  readonly missedTotal: number
}

type Change =
  | { readonly kind: 'began'; readonly events: readonly TidingsEvent[] }
  | { readonly kind: 'arrived'; readonly events: readonly TidingsEvent[] }
  | { readonly kind: 'stored'; readonly id: string; readonly topic: string }
  | { readonly kind: 'left' }

/** As many as there is room for on a wide screen. */
export const shownCells = 60
const shownMissed = 100
const nothing: Strip = { cells: [], missed: [], missedTotal: 0 }

/** The newest events of the log: those that are here, and those that wait while the connection is cut. */
export function useLogStrip() {
  const [strip, change] = useReducer(changed, nothing)
  const begin = useCallback((events: readonly TidingsEvent[]) => change({ kind: 'began', events }), [])
  const arrive = useCallback((events: readonly TidingsEvent[]) => change({ kind: 'arrived', events }), [])
  const store = useCallback((id: string, topic: string) => change({ kind: 'stored', id, topic }), [])
  const leave = useCallback(() => change({ kind: 'left' }), [])
  const waiting = useMemo(() => strip.cells.filter(({ state }) => state === 'waiting').length, [strip.cells])
  return { ...strip, waiting, begin, arrive, store, leave }
}

function changed(strip: Strip, change: Change): Strip {
  switch (change.kind) {
    case 'began': {
      const past = change.events.map(({ id, topic }): Cell => ({ id, root: rootOf(topic), state: 'here' }))
      const known = new Set(past.map(({ id }) => id))
      const newer = strip.cells.filter(({ id }) => !known.has(id))
      return { ...strip, cells: [...past, ...newer].slice(-shownCells) }
    }
    case 'left':
      return { ...strip, missed: [], missedTotal: 0 }
    case 'stored': {
      // The stream can be faster than the answer to the publish.
      if (strip.cells.some(({ id }) => id === change.id)) return strip
      const cell: Cell = { id: change.id, root: rootOf(change.topic), state: 'waiting' }
      return { ...strip, cells: [...strip.cells, cell].slice(-shownCells) }
    }
    case 'arrived':
      return arrived(
        strip,
        change.events.filter((event) => !isServersOwn(event)),
      )
  }
}

function arrived(strip: Strip, events: readonly TidingsEvent[]): Strip {
  if (events.length === 0) return strip
  const byId = new Map(events.map((event) => [event.id, event]))
  const cells = strip.cells.map((cell): Cell => {
    if (!byId.delete(cell.id)) return cell
    return { ...cell, state: 'late' }
  })
  for (const { id, topic, isReplayed } of byId.values()) {
    cells.push({ id, root: rootOf(topic), state: isReplayed ? 'late' : 'here' })
  }
  const late = events.filter(({ isReplayed }) => isReplayed)
  return {
    cells: cells.slice(-shownCells),
    missed: late.length === 0 ? strip.missed : [...strip.missed, ...late].slice(-shownMissed),
    missedTotal: strip.missedTotal + late.length,
  }
}

function rootOf(topic: string | undefined): string {
  return topic?.split('/', 1)[0] ?? ''
}
