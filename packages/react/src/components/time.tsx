import { type ReactNode, useSyncExternalStore } from 'react'
import type { Labels } from './labels.ts'

/** How often `… ago` is written anew, in milliseconds: its unit is the minute. */
const tickMs = 30_000

/** What a date holds. A server may say anything. */
const latestMs = 8.64e15

interface TimeProps {
  readonly timeMs: number
  readonly labels: Labels
  /** As a time of day, or as how long ago it was. */
  readonly form: 'clock' | 'ago'
}

/**
 * A point in time. Its text depends on where and when it is read, so a server leaves it empty, and the page writes it
 * once it is there: the two never disagree.
 */
export function Time({ timeMs, labels, form }: TimeProps): ReactNode {
  const now = useSyncExternalStore(form === 'ago' ? everyTick : never, tick, beforeMount)
  const isTime = Math.abs(timeMs) <= latestMs
  const isKnown = now !== undefined && isTime
  return (
    <time
      className="tidings-time"
      dateTime={isTime ? new Date(timeMs).toISOString() : undefined}
      title={isKnown ? labels.dateTime(timeMs) : undefined}
    >
      {isKnown ? textOf(timeMs, labels, form) : ''}
    </time>
  )
}

function textOf(timeMs: number, labels: Labels, form: 'clock' | 'ago'): string {
  // Between two ticks as at render: what has just come is not in the future, whatever the server's clock says.
  return form === 'clock' ? labels.clock(timeMs) : labels.ago(Math.max(0, Date.now() - timeMs))
}

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** One timer for all times of a page, and none for none. */
function everyTick(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of [...listeners]) each()
  }, tickMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function never(): () => void {
  return () => {}
}

function tick(): number {
  return Math.floor(Date.now() / tickMs)
}

function beforeMount(): undefined {
  return undefined
}
