import { useTidings } from '@tidings/react'
import { useEffect, useRef, useState } from 'react'

/** What became of what was sent. */
export type Sending =
  | { readonly state: 'waiting' }
  | { readonly state: 'failed'; readonly words: string }
  | {
      readonly state: 'stored'
      readonly id: string
      readonly durability: string
      /** By `performance.now()`. */
      readonly beganAt: number
      readonly tookMs: number
    }

interface OutcomeProps {
  readonly sending: Sending | undefined
  readonly isConnected: boolean
}

/** Says whether it is stored, and how long it took to come back to this page. */
export function Outcome({ sending, isConnected }: OutcomeProps) {
  const arrivedAt = useArrivalOf(sending?.state === 'stored' ? sending.id : undefined)
  return (
    <p className="outcome" role="status" data-state={sending?.state}>
      {wordsFor(sending, isConnected, arrivedAt)}
    </p>
  )
}

function wordsFor(sending: Sending | undefined, isConnected: boolean, arrivedAt: number | undefined): string {
  if (sending === undefined) return 'It is stored before anybody sees it.'
  if (sending.state === 'failed') return sending.words
  if (sending.state === 'waiting') {
    if (isConnected) return 'Sending…'
    return 'The server cannot be reached. Trying again under the same key, so that it arrives once.'
  }
  const stored = `${sending.durability === 'fsync' ? 'On disk' : 'Stored'}: answered after ${Math.round(sending.tookMs)} ms`
  return arrivedAt === undefined
    ? stored
    : `${stored}, on this page after ${Math.round(arrivedAt - sending.beganAt)} ms`
}

/** Arrivals that are remembered, because the stream can be faster than the answer to the publish. */
const rememberedArrivals = 500

/** When an event reached this page, by `performance.now()`. */
function useArrivalOf(id: string | undefined): number | undefined {
  const { stream } = useTidings()
  const arrivals = useRef(new Map<string, number>())
  const awaited = useRef(id)
  const [, setArrivedAt] = useState<number>()

  useEffect(() => {
    awaited.current = id
  }, [id])

  useEffect(
    () =>
      stream.on('*', (event) => {
        const now = performance.now()
        const known = arrivals.current
        known.set(event.id, now)
        if (known.size > rememberedArrivals) known.delete(known.keys().next().value!)
        if (event.id === awaited.current) setArrivedAt(now)
      }),
    [stream],
  )

  return id === undefined ? undefined : arrivals.current.get(id)
}
