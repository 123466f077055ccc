import type { TidingsEvent } from '@tidings/client'
import type { Gap } from '@tidings/protocol'
import { type Connection, useConnection, useTidings } from '@tidings/react'
import { formatDuration } from '../clock.ts'
import { summary } from '../payload.ts'
import { Empty } from './empty.tsx'
import { Moment } from './moment.tsx'
import { Scroller } from './scroller.tsx'

interface AbsenceProps {
  /** What was missed and has come, in order. */
  readonly missed: readonly TidingsEvent[]
  readonly total: number
  /** How many events wait at the server. */
  readonly waiting: number
}

/** What the reader is told about each kind of event that came late: one, and several. */
const names: Readonly<Record<string, readonly [string, string]>> = {
  notification: ['notification', 'notifications'],
  announcement: ['announcement', 'announcements'],
  update: ['update', 'updates'],
  activity: ['activity', 'activities'],
  message: ['message', 'messages'],
}

const gapReasons: Readonly<Record<Gap['reason'], string>> = {
  'bad-cursor': 'The place this page remembered is none that this server knows.',
  epoch: 'The server has another history now; this one begins anew.',
  diverged: 'The server’s history was rolled back.',
  trimmed: 'The page was away longer than the server keeps events.',
}

/** What came while the page was away. */
export function Absence({ missed, total, waiting }: AbsenceProps) {
  const { stream } = useTidings()
  const connection = useConnection()
  const { gap } = connection
  return (
    <div className="absence">
      <div className="absence-head" data-tone={gap === undefined ? 'good' : 'gap'} role="status">
        {gap === undefined ? (
          <>
            <p className="strong">{titleOf(connection, total, waiting)}</p>
            <p className="soft">{detailOf(connection, missed)}</p>
          </>
        ) : (
          <>
            <p className="strong">There is a gap</p>
            <p className="soft">
              {gapReasons[gap.reason]} {countOf(gap)} are missing; everything was read again.{' '}
              <button type="button" className="button small" onClick={() => stream.dismissGap()}>
                Understood
              </button>
            </p>
          </>
        )}
      </div>
      <Scroller label="What you missed, in order" className="missed">
        {missed.length === 0 && <Empty>What you miss will be listed here.</Empty>}
        <ol id="missed-list">
          {missed.map((event) => (
            <li key={event.id} className="missed-line">
              <span className="tag" data-root={event.topic?.split('/', 1)[0]}>
                {event.type}
              </span>
              <span className="missed-words">{summary(event.data)}</span>
              <Moment atMs={event.timeMs} />
            </li>
          ))}
        </ol>
      </Scroller>
    </div>
  )
}

function titleOf({ returned, isConnected, state }: Connection, total: number, waiting: number): string {
  if (!isConnected && state !== 'connecting' && state !== 'idle') {
    return waiting === 0
      ? 'Away. Nothing has happened yet.'
      : `Away. ${plural(waiting, 'event waits', 'events wait')} for you.`
  }
  if (returned === undefined) return 'Connected. Nothing was missed so far.'
  if (total === 0) return `You were away for ${formatDuration(returned.awayMs)}: nothing came meanwhile`
  return `You missed ${plural(total, 'event: here it is', 'events: here they are')}`
}

function detailOf({ returned, isConnected }: Connection, missed: readonly TidingsEvent[]): string {
  if (!isConnected) return 'They are on disk, and this page knows where it was.'
  if (returned === undefined || missed.length === 0) return 'So nothing is missing.'
  const counts = new Map<string, number>()
  for (const { type } of missed) counts.set(type, (counts.get(type) ?? 0) + 1)
  const parts = [...counts].map(([type, count]) => {
    const [one, several] = names[type] ?? [`“${type}” event`, `“${type}” events`]
    return plural(count, one, several)
  })
  const list = new Intl.ListFormat('en', { type: 'conjunction' }).format(parts)
  return `You were away for ${formatDuration(returned.awayMs)}: ${list}, in order, each once.`
}

function countOf({ missed }: Gap): string {
  return missed === null ? 'Nobody can say how many events' : `At most ${missed} events`
}

function plural(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`
}
