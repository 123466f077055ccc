import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { Pulse } from '../support/pulse.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { expectUnharmed } from './unharmed.ts'

/** A client that never finishes what it says. */
interface Dawdler {
  readonly socket: Socket
  answer: string
  isGone: boolean
}

it('clients that never finish their headers or their body are hung up on, and nobody else waits for them', {
  timeout: 240_000,
}, async () => {
  await using server = await ServerProcess.start()
  const before = await server.sample()
  const start = performance.now()
  const headers = await dawdle(server.port, 150, 'GET /events HTTP/1.1\r\nHost: localhost\r\n')
  const bodies = await dawdle(
    server.port,
    150,
    'POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  )
  const silent = await dawdle(server.port, 150, '')
  // One byte a second keeps every one of them alive, as far as the network can tell.
  const drip = setInterval(() => {
    for (const { socket } of headers) socket.write('x')
    for (const { socket } of bodies) socket.write(' ')
  }, 1_000)
  try {
    const pulse = new Pulse(server.port)
    await until('those with endless headers to be gone', () => headers.every(({ isGone }) => isGone), {
      timeoutMs: 60_000,
    })
    await until('those who say nothing to be gone', () => silent.every(({ isGone }) => isGone), {
      timeoutMs: 60_000,
    })
    await until('those with endless bodies to be gone', () => bodies.every(({ isGone }) => isGone), {
      timeoutMs: 90_000,
    })
    // The longest that any of them is given is half a minute; a server that gave more would end none of them in time.
    expect(performance.now() - start).toBeLessThan(90_000)
    await pulse[Symbol.asyncDispose]()
    expect(pulse.p99).toBeLessThan(3_000)
    for (const { answer } of [...headers, ...bodies]) expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/)
  } finally {
    clearInterval(drip)
    for (const { socket } of [...headers, ...bodies, ...silent]) socket.destroy()
  }
  await expectUnharmed(server, before)
})

async function dawdle(port: number, count: number, beginning: string): Promise<Dawdler[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1')
      const dawdler: Dawdler = { socket, answer: '', isGone: false }
      socket.on('data', (bytes) => {
        dawdler.answer += bytes.toString('latin1')
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        dawdler.isGone = true
      })
      await once(socket, 'connect')
      if (beginning !== '') socket.write(beginning)
      return dawdler
    }),
  )
}
