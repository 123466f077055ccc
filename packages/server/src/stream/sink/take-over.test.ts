import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { takeOver } from './take-over.ts'

type Taken = ReturnType<typeof takeOver>

/** Answers one request on a real connection, and tells what became of its socket. */
async function serve(prepare: (response: ServerResponse) => void): Promise<{ taken: Taken; socket: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
  const [incoming, response] = (await once(server, 'request')) as [{ socket: Socket }, ServerResponse]
  prepare(response)
  response.writeHead(200)
  const taken = takeOver(response)
  client.on('error', () => {})
  server.close()
  client.destroy()
  if (taken === undefined) response.destroy()
  return { taken, socket: incoming.socket }
}

test('the socket of an ordinary response is taken, and its parser freed', async () => {
  const { taken, socket } = await serve(() => {})
  expect(taken).toEqual({ socket, isChunked: true })
  expect(socket).toHaveProperty('parser')
  // This fails when a new version of Node keeps its parser elsewhere: streams then cost what they need not.
  await vi.waitFor(() => expect(socket).toHaveProperty('parser', null))
  expect(socket.listenerCount('data')).toBe(0)
})

test.each<[string, (response: ServerResponse) => void]>([
  ['somebody waits for its close', (response) => response.on('close', () => {})],
  ['somebody waits for its finish', (response) => response.on('finish', () => {})],
  [
    'its write is wrapped',
    (response) => {
      response.write = () => true
    },
  ],
  [
    'its end is wrapped',
    (response) => {
      response.end = () => response
    },
  ],
])('a response is left to Node if %s', async (_, prepare) => {
  const { taken } = await serve(prepare)
  expect(taken).toBeUndefined()
})
