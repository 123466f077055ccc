import { useTidings } from '@tidings/react'
import { useEffect, useState } from 'react'

const askEveryMs = 1_000

/** How many tabs show this page to the same user: each holds a lock that all can hold, and counts who does. */
export function useTabCount(): number {
  const { user = '' } = useTidings()
  const [count, setCount] = useState(1)

  useEffect(() => {
    const { locks } = navigator
    // Pages that came over plain HTTP from another machine have no locks, and share nothing either.
    if (locks === undefined) return undefined
    const name = `tidings-page:${user}`
    const leaving = new AbortController()
    const { signal } = leaving
    const hold = () =>
      new Promise<void>((release) => {
        signal.addEventListener('abort', () => release())
        // The lock can be granted at the very moment when it is no longer wanted.
        if (signal.aborted) release()
      })
    locks.request(name, { mode: 'shared', signal }, hold).catch(() => {})
    const look = () => {
      void locks
        .query()
        .then(({ held }) => setCount(Math.max(1, held?.filter((lock) => lock.name === name).length ?? 1)))
    }
    look()
    const timer = setInterval(look, askEveryMs)
    return () => {
      clearInterval(timer)
      leaving.abort()
    }
  }, [user])

  return count
}
