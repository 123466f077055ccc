import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, get as getSecure } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { expect, test, vi } from 'vitest'
import { makeCertificate } from '../../../../../tests/support/certificate.ts'
import { handleOf } from './direct-write.ts'
import { takeOver } from './take-over.ts'

type Taken = ReturnType<typeof takeOver>

/** Answers one request on a real connection, and tells what became of its socket. */
async function serve(
  prepare: (response: ServerResponse) => void,
  isSecure = false,
): Promise<{ taken: Taken; socket: Socket }> {
  const server = isSecure ? createSecureServer(makeCertificate()) : createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = (isSecure ? getSecure : get)({ port, host: '127.0.0.1', rejectUnauthorized: false })
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

test('the socket of TLS is taken too, and only TLS still listens to it', async () => {
  const { taken, socket } = await serve(() => {}, true)
  expect(taken).toEqual({ socket, isChunked: true })
  expect(socket).toBeInstanceOf(TLSSocket)
  await vi.waitFor(() => expect(socket).toHaveProperty('parser', null))
  // This fails when a new version of Node frees the memory of TLS in another way: look at its _tls_wrap.js.
  expect(socket.listeners('close').map(({ name }) => name)).toEqual(['onSocketCloseDestroySSL'])
  expect(handleOf(socket)).toBeUndefined()
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
