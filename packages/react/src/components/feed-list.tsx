import type { TidingsEvent } from '@tidings/client'
import { memo, type ReactNode, useRef } from 'react'
import type { Labels } from './labels.ts'
import type { Held } from './use-held.ts'

interface FeedListProps {
  readonly held: Held
  readonly label: string
  readonly labels: Labels
  /** Whether it stays held when the reader scrolls back to the top. */
  readonly isPaused: boolean
  /** Unpauses it. */
  readonly onResume: () => void
  readonly renderItem: (event: TidingsEvent) => ReactNode
  readonly renderEmpty: () => ReactNode
}

/** From here on somebody reads further down, in pixels. */
const scrolledPx = 8

/**
 * Events, newest on top, in a box that scrolls by itself. Once somebody has scrolled, the rows stand still, and a pill
 * says how many have come; it leads back to them.
 */
export function FeedList(props: FeedListProps): ReactNode {
  const { held, label, labels, isPaused, onResume, renderItem, renderEmpty } = props
  const box = useRef<HTMLElement>(null)
  const onScroll = () => {
    if (box.current!.scrollTop > scrolledPx) held.hold()
    else if (!isPaused) held.release()
  }
  const toNewest = () => {
    onResume()
    held.release()
    box.current!.scrollTop = 0
    // The pill goes, and must not take the focus with it.
    box.current!.focus()
  }
  return (
    <div className="tidings-feed-frame">
      {held.newer > 0 && (
        <button type="button" className="tidings-pill" onClick={toNewest}>
          {labels.newer(held.newer, held.isMore)}
        </button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section className="tidings-feed-box" ref={box} aria-label={label} tabIndex={0} onScroll={onScroll}>
        {held.shown.length === 0 ? (
          renderEmpty()
        ) : (
          <ol className="tidings-feed-list" reversed>
            {held.shown
              .map((event) => <Row key={keyOf(event)} event={event} renderItem={renderItem} />)
              .reverse()}
          </ol>
        )}
      </section>
    </div>
  )
}

/** A row is drawn once: events do not change. */
const Row = memo(function Row({
  event,
  renderItem,
}: Pick<FeedListProps, 'renderItem'> & { event: TidingsEvent }) {
  return (
    <li className="tidings-row" data-late={event.isReplayed || undefined}>
      {renderItem(event)}
    </li>
  )
})

const keys = new WeakMap<TidingsEvent, string>()
let made = 0

/** A key that stays with an event: its id, or one that is made for it. */
function keyOf(event: TidingsEvent): string {
  if (event.id !== '') return event.id
  const key = keys.get(event) ?? `#${made++}`
  keys.set(event, key)
  return key
}
