import type { StateName } from '@tidings/client'
import { useConnection } from '@tidings/react'
import { useEffect, useState } from 'react'

const words: Readonly<Record<StateName, string>> = {
  idle: 'Closed',
  connecting: 'Connecting',
  'catching-up': 'Catching up',
  live: 'Live',
  waiting: 'Reconnecting',
  offline: 'Offline',
  paused: 'Cut',
  refused: 'Refused',
}

const refreshEveryMs = 500

/** What the connection is doing, as it is. */
export function ConnectionPill() {
  const { state, retryAtMs } = useConnection()
  const seconds = useSecondsUntil(retryAtMs)
  return (
    <>
      <a className="pill" href="#resume" data-state={state} id="connection">
        <span className="pill-dot" aria-hidden="true" />
        <span className="unseen">Connection: </span>
        {words[state]}
        {seconds !== undefined && <span className="pill-wait">in {seconds} s</span>}
      </a>
      {/* Beside the link: what is said of a link is not said when it changes. */}
      <span className="unseen" role="status">
        Connection: {words[state]}
      </span>
    </>
  )
}

function useSecondsUntil(atMs: number | undefined): number | undefined {
  const [nowMs, setNowMs] = useState(Date.now)

  useEffect(() => {
    if (atMs === undefined) return undefined
    setNowMs(Date.now())
    const timer = setInterval(() => setNowMs(Date.now()), refreshEveryMs)
    return () => clearInterval(timer)
  }, [atMs])

  return atMs === undefined ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000))
}
