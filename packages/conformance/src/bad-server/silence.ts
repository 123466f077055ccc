import type { Behaviour, Body } from './exchange.ts'
import { stream } from './streams.ts'

/** The request is taken, and nothing is ever said: not even a status. */
export function silentFromTheStart(): Behaviour {
  return () => {}
}

/** The headers of a good stream, then nothing. */
export function silentAfterHead(): Behaviour {
  return stream('')
}

/** A few events, then nothing; the connection stays open, as that of a peer whose machine was unplugged. */
export function silentAfter(body: Body): Behaviour {
  return stream(body)
}
