import type { TidingsEvent } from '@tidings/client'
import { type ReactNode, useCallback, useState } from 'react'
import { useConnection } from '../use-connection.ts'
import { type EventsOptions, useEvents } from '../use-events.ts'
import { classNames } from './class-names.ts'
import { FeedList } from './feed-list.tsx'
import type { Labels } from './labels.ts'
import { Time } from './time.tsx'
import { useHeld } from './use-held.ts'
import { useLabels } from './use-labels.ts'

/** Events as they happen. */
export interface LiveFeedProps extends EventsOptions {
  /** A topic, a pattern, or several of them. */
  readonly topic: string | readonly string[]
  readonly className?: string | undefined
  /** Words in place of the English ones. */
  readonly labels?: Partial<Labels> | undefined
  /** What the feed is called: `Live events` if absent. */
  readonly title?: string | undefined
  /** In place of a row's content; the `<li>` around it stays. Keep the function, or all rows are drawn again. */
  readonly renderItem?: ((event: TidingsEvent) => ReactNode) | undefined
  /** In place of what an empty feed shows. */
  readonly renderEmpty?: (() => ReactNode) | undefined
}

/** How much of a payload a row holds, in characters: more than fits, less than slows the page down. */
const maxText = 500

/**
 * The newest events of a topic, newest on top, with the state of the connection and a switch that makes the list stand
 * still. However fast events come, the box keeps its size, and the list is drawn at most once a frame.
 */
export function LiveFeed(props: LiveFeedProps): ReactNode {
  const { topic, types, keep = 50, past, className, renderItem, renderEmpty } = props
  const labels = useLabels(props.labels)
  const title = props.title ?? labels.feed
  const state = useConnection((connection) => connection.state)
  const held = useHeld(useEvents(topic, { types, keep, past }))
  const [isPaused, setIsPaused] = useState(false)
  const renderRow = useCallback((event: TidingsEvent) => <EventRow event={event} labels={labels} />, [labels])
  const toggle = () => {
    setIsPaused(!isPaused)
    if (isPaused) held.release()
    else held.hold()
  }
  return (
    <div className={classNames('tidings-feed', className)}>
      <div className="tidings-feed-head">
        <p className="tidings-heading">{title}</p>
        <span className="tidings-state" data-state={state}>
          {labels.state(state)}
        </span>
        <button type="button" className="tidings-button" onClick={toggle}>
          {isPaused ? labels.goOn : labels.pause}
        </button>
      </div>
      <FeedList
        held={held}
        label={title}
        labels={labels}
        isPaused={isPaused}
        onResume={() => setIsPaused(false)}
        renderItem={renderItem ?? renderRow}
        renderEmpty={renderEmpty ?? (() => <Empty labels={labels} />)}
      />
    </div>
  )
}

function EventRow({ event, labels }: { readonly event: TidingsEvent; readonly labels: Labels }): ReactNode {
  return (
    <>
      <Time timeMs={event.timeMs} labels={labels} form="clock" />
      <span className="tidings-tag">{event.type}</span>
      <span className="tidings-payload">{event.text.slice(0, maxText)}</span>
    </>
  )
}

function Empty({ labels }: { readonly labels: Labels }): ReactNode {
  return (
    <div className="tidings-empty">
      <p className="tidings-title">{labels.noEvents}</p>
      <p>{labels.noEventsHint}</p>
    </div>
  )
}
