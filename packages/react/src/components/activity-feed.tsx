import type { TidingsEvent } from '@tidings/client'
import { type ReactNode, useCallback, useId, useMemo, useState } from 'react'
import { useEvents } from '../use-events.ts'
import { classNames } from './class-names.ts'
import { FeedList } from './feed-list.tsx'
import type { Labels } from './labels.ts'
import { Time } from './time.tsx'
import { useHeld } from './use-held.ts'
import { useLabels } from './use-labels.ts'

/** What has been going on. */
export interface ActivityFeedProps {
  readonly className?: string | undefined
  /** Words in place of the English ones. */
  readonly labels?: Partial<Labels> | undefined
  /** What the feed is called: `Activity` if absent. */
  readonly title?: string | undefined
  /** The types to choose from; those that have been seen, if absent. */
  readonly types?: readonly string[] | undefined
  /** How many it begins with: 10 if absent. */
  readonly past?: number | undefined
  /** How many are kept: 100 if absent. */
  readonly keep?: number | undefined
  /** In place of a row's content; the `<li>` around it stays. Keep the function, or all rows are drawn again. */
  readonly renderItem?: ((event: TidingsEvent) => ReactNode) | undefined
  /** In place of what an empty feed shows. */
  readonly renderEmpty?: (() => ReactNode) | undefined
}

const activityTypes = ['activity']
const everything = 'activity/*'

/** The last activities (topics `activity/*`), then each as it happens, newest on top, all or those of one type. */
export function ActivityFeed(props: ActivityFeedProps): ReactNode {
  const { className, past = 10, keep = 100, renderItem, renderEmpty } = props
  const labels = useLabels(props.labels)
  const title = props.title ?? labels.activities
  const [type, setType] = useState<string>()
  const all = useEvents(everything, { types: activityTypes, past, keep })
  // Its own window: the last ten of a rare type are older than the last hundred of all.
  const some = useEvents(type === undefined ? [] : `activity/${type}`, { types: activityTypes, past, keep })
  const held = useHeld(type === undefined ? all : some)
  const types = useTypes(all, props.types)
  const renderRow = useCallback(
    (event: TidingsEvent) => <ActivityRow event={event} labels={labels} />,
    [labels],
  )
  const choose = (chosen: string | undefined) => {
    held.release()
    setType(chosen)
  }
  return (
    <div className={classNames('tidings-feed', className)}>
      <div className="tidings-feed-head">
        <p className="tidings-heading">{title}</p>
        <Filter types={types} chosen={type} labels={labels} onChoose={choose} />
      </div>
      <FeedList
        key={type}
        held={held}
        label={title}
        labels={labels}
        isPaused={false}
        onResume={() => {}}
        renderItem={renderItem ?? renderRow}
        renderEmpty={renderEmpty ?? (() => <p className="tidings-empty">{labels.noActivities}</p>)}
      />
    </div>
  )
}

interface FilterProps {
  readonly types: readonly string[]
  readonly chosen: string | undefined
  readonly labels: Labels
  readonly onChoose: (type: string | undefined) => void
}

function Filter({ types, chosen, labels, onChoose }: FilterProps): ReactNode {
  const name = useId()
  if (types.length === 0) return null
  const choice = (words: string, type: string | undefined) => (
    <label key={type ?? ''} className="tidings-choice">
      <input type="radio" name={name} checked={type === chosen} onChange={() => onChoose(type)} />
      <span>{words}</span>
    </label>
  )
  return (
    <fieldset className="tidings-filter">
      <legend className="tidings-unseen">{labels.filter}</legend>
      {choice(labels.all, undefined)}
      {types.map((type) => choice(type, type))}
    </fieldset>
  )
}

function ActivityRow({
  event,
  labels,
}: {
  readonly event: TidingsEvent
  readonly labels: Labels
}): ReactNode {
  const { message } = (event.data ?? {}) as { readonly message?: unknown }
  return (
    <>
      <span className="tidings-tag">{typeOf(event)}</span>
      <span className="tidings-body">{typeof message === 'string' ? message : event.text}</span>
      <Time timeMs={event.timeMs} labels={labels} form="ago" />
    </>
  )
}

/** The types to choose from. One that was seen stays, in the order of the alphabet, so that no choice jumps away. */
function useTypes(events: readonly TidingsEvent[], given: readonly string[] | undefined): readonly string[] {
  const [seen] = useState(() => new Set<string>())
  const [known, setKnown] = useState<readonly string[]>([])
  for (const event of events) seen.add(typeOf(event))
  const isNew = seen.size !== known.length
  if (isNew) setKnown([...seen].sort())
  return useMemo(() => given ?? known, [given, known])
}

/** An activity's type: the last segment of its topic, or what its data says. */
function typeOf({ topic, data }: TidingsEvent): string {
  if (topic !== undefined) return topic.slice(topic.indexOf('/') + 1)
  const { type } = (data ?? {}) as { readonly type?: unknown }
  return typeof type === 'string' ? type : ''
}
