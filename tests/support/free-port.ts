import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range that the system gives to outgoing connections: nobody takes the port while a server restarts. */
const lowest = 12_000
const highest = 32_000

/** Finds a port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    const server = createServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    } finally {
      server.close()
    }
  }
}
