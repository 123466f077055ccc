import type { TidingsStream } from '@tidings/client'
import type { Stop } from './observer.ts'
import type { WantedTopics } from './wanted-topics.ts'

/** What has a past that is read from the server, and a present that comes from a stream. */
interface Loading {
  readonly stream: TidingsStream
  readonly wanted: WantedTopics
  readonly topics: readonly string[]
  readonly load: () => void
}

/** How long the past waits for the stream, in milliseconds: people want to see something, connected or not. */
const patienceMs = 500

/**
 * Wants topics, and loads their past whenever nothing else would bring it: when the stream has them, so that nothing
 * falls between the two; after a while in any case; and again after a gap, or when a connection could not go on where
 * the last one ended.
 */
export function keepLoaded({ stream, wanted, topics, load }: Loading): Stop {
  /** The connection that the past was loaded for; the empty string if the stream was refused. */
  let clientId: string | undefined
  const timer = setTimeout(load, patienceMs)
  const stops = [
    wanted.want(topics, () => {
      clientId = stream.status.clientId ?? ''
      clearTimeout(timer)
      load()
    }),
    stream.on('gap', load),
    stream.on('connected', (connected) => {
      if (clientId === undefined || clientId === connected.clientId) return
      clientId = connected.clientId
      if (!connected.resumed) load()
    }),
  ]
  return () => {
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}
