import { once } from 'node:events'
import { constants, createBrotliCompress, createDeflate, createGzip, gzipSync } from 'node:zlib'
import type { Behaviour, Body } from './exchange.ts'

const encoders = {
  gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH }),
  deflate: () => createDeflate({ flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
}

/** A stream that is compressed, and whose events leave at once all the same; it stays open. */
export function compressed(encoding: keyof typeof encoders, body: Body): Behaviour {
  return async (exchange) => {
    const encoder = encoders[encoding]()
    exchange.signal.addEventListener('abort', () => encoder.destroy())
    encoder.on('data', (bytes: Buffer) => void exchange.write(bytes))
    exchange.streamHead({ 'Content-Encoding': encoding })
    encoder.write(body)
    await once(exchange.signal, 'abort')
  }
}

/**
 * What a proxy with compression does to a stream: the events are in its compressor, which waits for more. The client
 * gets the headers and the ten bytes with which every gzip begins.
 */
export function gzipThatNeverFlushes(body: Body): Behaviour {
  return async (exchange) => {
    const gzip = createGzip()
    exchange.signal.addEventListener('abort', () => gzip.destroy())
    gzip.on('data', (bytes: Buffer) => void exchange.write(bytes))
    exchange.streamHead({ 'Content-Encoding': 'gzip' })
    gzip.write(body)
    await once(exchange.signal, 'abort')
  }
}

/** A gzip that is broken off `bytes` bytes before its end, in order. */
export function gzipWithoutItsEnd(body: Body, bytes = 8): Behaviour {
  return async (exchange) => {
    const all = gzipSync(body)
    exchange.streamHead({ 'Content-Encoding': 'gzip' })
    await exchange.write(all.subarray(0, all.length - bytes))
    exchange.end()
  }
}
