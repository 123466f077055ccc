import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { asTidings } from './streams.ts'

/** A thread of its own: answers every request with a stream of so many events, as fast as they are taken, and stays open. */

const connected = { clientId: 'bench', resumed: false, cursor: 'k3v9x0a1b2.0.x9k2m', heartbeatMs: 15_000 }
const head = `event: connected\ndata: ${JSON.stringify(connected)}\n\n`
const events = Array.from({ length: workerData as number }, (_, index) => asTidings(index)).join('')
const body = Buffer.from(head + events)
const writeSize = 65_536

const server = createServer((_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  let at = 0
  const write = (): void => {
    while (at < body.length) {
      const isRoom = response.write(body.subarray(at, at + writeSize))
      at += writeSize
      if (!isRoom) return
    }
  }
  response.on('drain', write)
  write()
})
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as AddressInfo).port))
