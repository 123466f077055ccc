import { connect } from '@tidings/client'
import { EventSource } from '@tidings/client/event-source'
import { EventSource as NpmEventSource } from 'eventsource'

/** A client that receives a stream over a socket. */
export interface Receiver {
  readonly name: string
  /** Resolves when so many events have arrived. */
  receive(url: string, count: number): Promise<void>
}

/** Tidings' clients first, then their peer. */
export const receivers: readonly Receiver[] = [
  { name: 'tidings connect()', receive: receiveByConnect },
  { name: 'tidings EventSource', receive: (url, count) => receiveBySource(new EventSource(url), count) },
  { name: 'npm eventsource', receive: (url, count) => receiveBySource(new NpmEventSource(url), count) },
]

async function receiveByConnect(url: string, count: number): Promise<void> {
  const stream = connect({ url })
  await new Promise<void>((resolve) => {
    let got = 0
    stream.on('order', () => {
      if (++got === count) resolve()
    })
  })
  stream.close()
}

/** The part of an `EventSource` that is the same for all. */
interface Source {
  addEventListener(type: string, listener: () => void): void
  close(): void
}

async function receiveBySource(source: Source, count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let got = 0
    source.addEventListener('order', () => {
      if (++got === count) resolve()
    })
  })
  source.close()
}
