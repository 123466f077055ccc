import { type ReactNode, useEffect, useState } from 'react'
import type { Connection } from '../observe/connection-observer.ts'
import { useConnection } from '../use-connection.ts'
import { useTidings } from '../use-tidings.ts'
import { type BannerView, bannerAt } from './banner-view.ts'
import { classNames } from './class-names.ts'
import type { Labels } from './labels.ts'
import { useLabels } from './use-labels.ts'

/** What is said of a connection that is not well. */
export interface ConnectionBannerProps {
  readonly className?: string | undefined
  /** Words in place of the English ones. */
  readonly labels?: Partial<Labels> | undefined
  /** For how long nothing is said of a connection that is away, in milliseconds: 3,000 if absent. */
  readonly graceMs?: number | undefined
  /** For how long it is said that the connection is back, in milliseconds: 10,000 if absent. */
  readonly returnedMs?: number | undefined
  /** What `Reload` does when events are gone for good: reloads the page, if absent. The gap is forgotten either way. */
  readonly onReload?: (() => void) | undefined
  /** Shows what was missed: with it there is a button for it when the connection is back. */
  readonly onShowMissed?: (() => void) | undefined
  /** In place of the banner's words and buttons; not called while there is nothing to say. */
  readonly renderBanner?: ((view: BannerView, connection: Connection) => ReactNode) | undefined
}

/**
 * Says nothing while all is well, and nothing of a short absence; then how things stand: what is tried when, why it is
 * no use, what is missing, and what came late. It takes no room while it is silent.
 */
export function ConnectionBanner(props: ConnectionBannerProps): ReactNode {
  const { className, graceMs = 3_000, returnedMs = 10_000, renderBanner } = props
  const labels = useLabels(props.labels)
  const connection = useConnection()
  const [dismissed, setDismissed] = useState<object>()
  const [nowMs, lookAgainAt] = useNow()
  const view = bannerAt(connection, nowMs, { graceMs, returnedMs })
  const topic = view.kind === 'returned' ? connection.returned : undefined
  const isSilent = view.kind === 'silent' || (topic !== undefined && topic === dismissed)
  useEffect(() => lookAgainAt(view.nextAtMs), [lookAgainAt, view.nextAtMs])
  const actions = { ...props, connection, labels, onDismiss: () => setDismissed(topic) }
  return (
    <div className={classNames('tidings-banner', className)} data-kind={isSilent ? 'silent' : view.kind}>
      {/* It stands there before it says anything: screen readers pass over a status that comes with its words. */}
      <p className="tidings-banner-words" role="status">
        {isSilent || renderBanner !== undefined ? '' : wordsOf(view, connection, labels)}
      </p>
      {!isSilent && (renderBanner?.(view, connection) ?? <Actions view={view} {...actions} />)}
    </div>
  )
}

interface ActionsProps extends Pick<ConnectionBannerProps, 'onReload' | 'onShowMissed'> {
  readonly view: BannerView
  readonly connection: Connection
  readonly labels: Labels
  readonly onDismiss: () => void
}

function Actions({ view, connection, labels, onReload, onShowMissed, onDismiss }: ActionsProps): ReactNode {
  const { stream } = useTidings()
  const reload = () => {
    stream.dismissGap()
    if (onReload === undefined) location.reload()
    else onReload()
  }
  const button = (words: string, onClick: () => void) => (
    <button type="button" className="tidings-button" onClick={onClick}>
      {words}
    </button>
  )
  switch (view.kind) {
    case 'lost':
      return (
        <>
          {/* Not part of the status: nobody wants to hear seconds counted. */}
          {view.retryInS !== undefined && (
            <span className="tidings-countdown">{labels.retryIn(view.retryInS)}</span>
          )}
          {connection.state === 'waiting' && button(labels.retryNow, () => stream.reconnect())}
        </>
      )
    case 'offline':
      return button(labels.retryNow, () => stream.reconnect())
    case 'refused':
      return button(labels.tryAgain, () => stream.reconnect())
    case 'paused':
      return button(labels.resume, () => stream.resume())
    case 'gap':
      return (
        <>
          {button(labels.reload, reload)}
          {button(labels.dismiss, () => stream.dismissGap())}
        </>
      )
    case 'returned':
      return (
        <>
          {onShowMissed !== undefined &&
            connection.returned!.replayed > 0 &&
            button(labels.show, onShowMissed)}
          {button(labels.dismiss, onDismiss)}
        </>
      )
    default:
      return null
  }
}

function wordsOf({ kind }: BannerView, { trouble, gap, returned }: Connection, labels: Labels): string {
  switch (kind) {
    case 'silent':
      return ''
    case 'connecting':
      return labels.stillConnecting
    case 'lost':
      return labels.connectionLost
    case 'offline':
      return labels.offline
    case 'paused':
      return labels.paused
    case 'refused':
      return labels.refused(trouble)
    case 'gap':
      return labels.gap(gap?.missed ?? null)
    case 'returned':
      return labels.returned(returned?.replayed ?? 0)
  }
}

/** The time when this was last rendered for, and a way to be rendered again when a time has come. */
function useNow(): [number, (atMs: number | undefined) => (() => void) | undefined] {
  const [, setTick] = useState(0)
  const [lookAgainAt] = useState(() => (atMs: number | undefined) => {
    if (atMs === undefined) return undefined
    // Never at once: a clock that stands still between two looks would keep the page busy.
    const timer = setTimeout(() => setTick((tick) => tick + 1), Math.max(20, atMs - Date.now()))
    return () => clearTimeout(timer)
  })
  return [Date.now(), lookAgainAt]
}
