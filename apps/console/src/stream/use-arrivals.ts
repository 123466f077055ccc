import type { TidingsEvent } from '@tidings/client'
import { useTidings } from '@tidings/react'
import { useEffect, useEffectEvent } from 'react'
import { FrameBatch } from './frame-batch.ts'

/**
 * Hands on the events of a pattern once a frame, in order.
 * @param pattern `undefined` for every event that this page gets, whoever asked for it.
 */
export function useArrivals(
  pattern: string | undefined,
  onArrivals: (events: readonly TidingsEvent[]) => void,
): void {
  const { stream } = useTidings()
  const take = useEffectEvent(onArrivals)

  useEffect(() => {
    const batch = new FrameBatch<TidingsEvent>((events) => take(events))
    const stop = stream.on('*', (event) => batch.add(event), { topic: pattern })
    return () => {
      stop()
      batch.cancel()
    }
  }, [stream, pattern])
}

/**
 * Whether an event was published while this page was away. What a page of history brings is replayed as well, but most
 * of it was there before the page was opened.
 */
export function wasMissed({ isReplayed, timeMs }: TidingsEvent): boolean {
  return isReplayed && timeMs > performance.timeOrigin
}

/** Whether an event is the server's own, rather than something that somebody has published. */
export function isServersOwn({ topic }: TidingsEvent): boolean {
  return topic?.startsWith('$') ?? false
}
