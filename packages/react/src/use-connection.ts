import { useSyncExternalStore } from 'react'
import type { Connection } from './observe/connection-observer.ts'
import { useTidingsRoot } from './use-tidings.ts'

/** The connection: its state, attempt, next try, last event, gap and last return. At most one render a frame. */
export function useConnection(): Connection
/**
 * A part of it, so that nothing is rendered while the rest changes: `useConnection((connection) => connection.isConnected)`.
 * @param select returns a plain value, or an object of the connection as it is, and no new object.
 */
export function useConnection<Part>(select: (connection: Connection) => Part): Part
export function useConnection(select: (connection: Connection) => unknown = whole): unknown {
  const { connection } = useTidingsRoot()
  return useSyncExternalStore(
    connection.subscribe,
    () => select(connection.getSnapshot()),
    () => select(connection.getServerSnapshot()),
  )
}

function whole(connection: Connection): Connection {
  return connection
}
