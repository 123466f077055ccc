import type { Stats } from '@tidings/client/api'
import { useConnection, useTidings } from '@tidings/react'
import { useEffect, useState } from 'react'

const askEveryMs = 2_000

/** What the server holds and has done, in a few numbers; and what is to be known of its store. */
export function Figures() {
  const stats = useStats()
  const nodes = stats?.nodes.length ?? 1
  return (
    <>
      <dl className="facts hero-facts" aria-label="This server">
        <Fact name="Connections" value={stats?.totalConnections} />
        <Fact name="Events in the log" value={stats?.eventsStored} />
        <Fact name="Deliveries" value={stats?.totalEventsSent} />
        <Fact name="Durability" value={stats?.durability} />
        {nodes > 1 && <Fact name="Nodes" value={nodes} />}
      </dl>
      {stats?.store.warnings.map((warning) => (
        <p key={warning} className="store-warning">
          {warning}
        </p>
      ))}
    </>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: number | string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value?.toLocaleString('en') ?? '–'}</dd>
    </div>
  )
}

function useStats(): Stats | undefined {
  const { api } = useTidings()
  const isConnected = useConnection((connection) => connection.isConnected)
  const [stats, setStats] = useState<Stats>()

  // biome-ignore lint/correctness/useExhaustiveDependencies: a connection that comes or goes is in the figures.
  useEffect(() => {
    const leaving = new AbortController()
    // A server that is away is said to be so elsewhere; the last figures stand.
    const ask = () => {
      if (!document.hidden)
        api
          .stats({ signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(askEveryMs)]) })
          .then(setStats, () => {})
    }
    ask()
    const timer = setInterval(ask, askEveryMs)
    return () => {
      clearInterval(timer)
      leaving.abort()
    }
  }, [api, isConnected])

  return stats
}
