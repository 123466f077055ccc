import type { TidingsEvent } from '@tidings/client'
import { useEffect, useRef } from 'react'
import { formatTime } from '../clock.ts'
import { summary } from '../payload.ts'
import { wasMissed } from '../stream/use-arrivals.ts'
import { Empty } from './empty.tsx'
import type { Tail } from './use-tail.ts'

/** Rows that are seen at once; `--tail-rows` in tail.css is the same number. */
const seenRows = 14

/**
 * The lines of a tail. While it follows there are only as many rows as can be seen, and each event moves through
 * them: the page lays out and paints the same few boxes, be there one event a second or five hundred. A tail that is
 * paused has all its rows, to scroll through.
 */
export function TailLines({ tail }: { readonly tail: Tail }) {
  const { events, isPaused, setPaused, problem } = tail
  const box = useRef<HTMLElement>(null)
  const shown = isPaused ? events : events.slice(-seenRows)

  // Whoever pauses looks at the newest first.
  useEffect(() => {
    if (isPaused) box.current!.scrollTop = box.current!.scrollHeight
  }, [isPaused])

  return (
    <section
      ref={box}
      className="tail-lines"
      aria-label="Events, newest last"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls, and keys must reach it.
      tabIndex={0}
      data-paused={isPaused || undefined}
      onWheel={({ deltaY }) => {
        if (deltaY < 0 && !isPaused && events.length > seenRows) setPaused(true)
      }}
    >
      {shown.length === 0 && (
        <Empty>
          {problem === undefined
            ? 'Nothing yet. What is published appears here at once.'
            : 'Nothing to follow.'}
        </Empty>
      )}
      <ol id="tail-list">
        {shown.map((event, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows stay, and events move through them.
          <Line key={index} event={event} />
        ))}
      </ol>
    </section>
  )
}

function Line({ event }: { readonly event: TidingsEvent }) {
  const { timeMs, topic, type, data } = event
  return (
    <li className="tail-line" data-late={wasMissed(event) || undefined}>
      <span className="tail-time">{formatTime(timeMs)}</span>
      <span className="tail-topic" data-root={rootOf(topic)}>
        {topic}
      </span>
      <span className="tail-type">{type}</span>
      <span className="tail-words">{summary(data)}</span>
    </li>
  )
}

function rootOf(topic: string | undefined): string {
  return topic?.split('/', 1)[0] ?? ''
}
