import {
  TidingsProvider,
  useConnection,
  useEvents,
  useLatest,
  useNotifications,
  usePublish,
  useTidings,
  useUnreadCount,
} from '@tidings/react'
import {
  ActivityFeed,
  ConnectionBanner,
  LiveFeed,
  NotificationBell,
  NotificationList,
  Sparkline,
  Toaster,
} from '@tidings/react/components'
import { type ReactNode, useEffect, useState } from 'react'

/** What tests read of a page, and how they reach into it. */
export interface Probe {
  renders: number
  events: readonly { readonly id: string; readonly data: unknown; readonly isReplayed: boolean }[]
}

declare global {
  var probe: Probe
}

globalThis.probe = { renders: 0, events: [] }

const parameters = () => new URLSearchParams(typeof location === 'undefined' ? '' : location.search)

function Everything(): ReactNode {
  const [figures] = useState([3, 5, 4, 9, 12, 7, 8])
  return (
    <>
      <ConnectionBanner />
      <div className="bar">
        <NotificationBell />
      </div>
      <h1>Everything</h1>
      <Sparkline values={figures} label="Memory" />
      <LiveFeed topic="orders/*" />
      <ActivityFeed />
      <NotificationList />
      <Toaster durationMs={60_000} />
    </>
  )
}

function Events(): ReactNode {
  const keep = Number(parameters().get('keep') ?? 100)
  const past = Number(parameters().get('past') ?? 0)
  const events = useEvents((parameters().get('topic') ?? 'orders/*').split(','), { keep, past })
  useEffect(() => {
    globalThis.probe = { renders: globalThis.probe.renders + 1, events }
  }, [events])
  return <output>{events.length} events</output>
}

function Latest(): ReactNode {
  const latest = useLatest('orders/*', { types: ['order'] })
  return <output>{JSON.stringify(latest?.data ?? null)}</output>
}

function Connection(): ReactNode {
  const { state, isConnected, attempt } = useConnection()
  return <output>{`${state}, ${isConnected ? 'connected' : 'not connected'}, attempt ${attempt}`}</output>
}

function Inbox(): ReactNode {
  const { notifications, unreadCount, isLoading, error, hasMore, markRead, markAllRead, loadMore } =
    useNotifications()
  return (
    <>
      <output>
        {unreadCount} of {notifications.length} unread{hasMore ? ', and more' : ''}
        {isLoading ? ', loading' : ''}
        {error === undefined ? '' : `, ${error.message}`}
      </output>
      <button type="button" onClick={markAllRead}>
        All read
      </button>
      <button type="button" onClick={loadMore}>
        Older
      </button>
      <ol>
        {notifications.map(({ id, title, isUnread }) => (
          <li key={id}>
            <button type="button" data-unread={isUnread} onClick={() => markRead(id)}>
              {title}
            </button>
          </li>
        ))}
      </ol>
    </>
  )
}

function Count(): ReactNode {
  return <p data-testid="count">{useUnreadCount()}</p>
}

function Publish(): ReactNode {
  const { publish, isPending, error, receipt, reset } = usePublish()
  const latest = useLatest('orders/*')
  const send = (topic: string) => publish({ topic, type: 'order', data: { item: 'tea' } })
  return (
    <>
      <output>
        {isPending ? 'sending' : 'idle'} · {error?.message ?? 'no error'} ·{' '}
        {receipt === undefined ? 'no receipt' : receipt.durability} ·{' '}
        {latest === undefined ? 'nothing' : latest.text}
      </output>
      <button type="button" onClick={() => send('orders/42')}>
        Send
      </button>
      <button type="button" onClick={() => send('$metrics')}>
        Send what is refused
      </button>
      <button type="button" onClick={reset}>
        Reset
      </button>
    </>
  )
}

/** A part that comes and goes, with a topic of its own. */
function Coming(): ReactNode {
  const [isThere, setIsThere] = useState(false)
  const { stream } = useTidings()
  return (
    <>
      <button type="button" onClick={() => setIsThere(!isThere)}>
        Toggle
      </button>
      <button type="button" onClick={() => stream.close()}>
        Close
      </button>
      {isThere ? <Latest /> : null}
    </>
  )
}

function Bell(): ReactNode {
  return (
    <>
      <div className="bar">
        <button type="button">Before</button>
        <NotificationBell />
        <button type="button">After</button>
      </div>
      <h1>A page with a bell</h1>
    </>
  )
}

function Toasts(): ReactNode {
  return (
    <>
      <h1>A page with toasts</h1>
      <button type="button">On the page</button>
      <Toaster />
    </>
  )
}

function Banner(): ReactNode {
  return (
    <>
      <ConnectionBanner
        onReload={() => document.body.append('reloaded')}
        onShowMissed={() => document.body.append('shown')}
      />
      <h1>A page with a banner</h1>
    </>
  )
}

function Feed(): ReactNode {
  return <LiveFeed topic="orders/*" keep={100} />
}

function Activities(): ReactNode {
  return <ActivityFeed />
}

function German(): ReactNode {
  const labels = {
    notifications: 'Mitteilungen',
    bell: (unread: number) => `Mitteilungen, ${unread} ungelesen`,
    noNotifications: 'Nichts Neues',
  }
  return (
    <NotificationBell
      className="mine"
      labels={labels}
      renderItem={({ title }) => <strong>» {title}</strong>}
      renderEmpty={() => <em>Gar nichts</em>}
    />
  )
}

/** A page whose user changes. */
function Users(): ReactNode {
  const [user, setUser] = useState('alice')
  return (
    <>
      <button type="button" onClick={() => setUser('bob')}>
        Be Bob
      </button>
      <TidingsProvider user={user}>
        <Inbox />
        <Connection />
      </TidingsProvider>
    </>
  )
}

/** Each is a page of its own: `?view=…`. */
export const views: Readonly<Record<string, () => ReactNode>> = {
  everything: Everything,
  events: Events,
  latest: Latest,
  connection: Connection,
  inbox: () => (
    <>
      <Inbox />
      <Count />
    </>
  ),
  publish: Publish,
  coming: Coming,
  bell: Bell,
  toasts: Toasts,
  banner: Banner,
  feed: Feed,
  activities: Activities,
  german: German,
  users: Users,
}
