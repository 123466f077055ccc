import { useTidings } from '@tidings/react'
import { useEffect, useRef, useState } from 'react'
import { TailLog, type TailView } from './tail-log.ts'

/** A tail, and what a reader can do with it. */
export interface Tail extends TailView {
  readonly filter: string
  readonly setFilter: (filter: string) => void
  readonly isPaused: boolean
  readonly setPaused: (isPaused: boolean) => void
  /** Why nothing can be followed, in the server's words. */
  readonly problem: string | undefined
}

/** Lines that a tail begins with. */
const pastLines = 20
const nothing: TailView = { events: [], total: 0, waiting: 0, perSecond: 0 }

/** Follows a pattern, on the page's one stream. */
export function useTail(pattern: string): Tail {
  const { stream, api } = useTidings()
  const log = useRef<TailLog>(undefined)
  const [view, setView] = useState(nothing)
  const [filter, setFilter] = useState('')
  const [isPaused, setPaused] = useState(false)
  const [problem, setProblem] = useState<string>()

  useEffect(() => {
    const made = new TailLog(setView)
    log.current = made
    setView(nothing)
    setPaused(false)
    setProblem(undefined)
    const ending = new AbortController()
    const { signal } = ending
    const begin = async () => {
      const { events } = await api.events({ topics: pattern, limit: pastLines, order: 'desc' }, { signal })
      made.begin(events.toReversed())
    }
    const follow = async () => {
      // A stream that asks for a topic too much is refused as a whole. The log says why, of the topic alone.
      await begin()
      signal.throwIfAborted()
      stream.on('*', (event) => made.push(event), { topic: pattern, signal })
      signal.addEventListener('abort', () => stream.remove(pattern))
      await stream.add(pattern)
      // Once more, for what came before the stream had it.
      await begin()
    }
    follow().catch((error: Error) => {
      if (!signal.aborted) setProblem(error.message)
    })
    return () => {
      ending.abort()
      made.close()
    }
  }, [stream, api, pattern])

  return {
    ...view,
    filter,
    setFilter(word) {
      setFilter(word)
      log.current?.filter(word)
    },
    isPaused,
    setPaused(paused) {
      setPaused(paused)
      log.current?.pause(paused)
    },
    problem,
  }
}
