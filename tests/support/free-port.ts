import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range that the system gives to outgoing connections: nobody takes the port while a server restarts. */
const lowest = 12_000
const highest = 32_000

/** Of a worker of vitest, that nobody takes a port which another has found and not yet used. */
const shares = 8
const share = Math.floor((highest - lowest) / shares)
const first = lowest + share * ((Number(process.env.VITEST_POOL_ID) || 0) % shares)

/** Where the search goes on: what was found once is not found again before all others were. */
let next = Math.floor(Math.random() * share)

/** Finds a port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = first + (next++ % share)
    if (await isFree(port)) return port
  }
}

/** Whether nobody listens on a port of the loopback interface. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return false
  } finally {
    server.close()
  }
}
