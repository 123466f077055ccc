import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { handleOf, writeDirectly } from './direct-write.ts'

async function pair(): Promise<{ near: Socket; far: Socket; close(): void }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [near] = (await once(server, 'connection')) as [Socket]
  return {
    near,
    far,
    close: () => {
      near.destroy()
      far.destroy()
      server.close()
    },
  }
}

// This fails when a new version of Node keeps these things elsewhere: streams then go the slower way.
test('a socket has a way beneath its streams, which takes bytes, says when it is full, and when it is dry', async () => {
  const { near, far, close } = await pair()
  const handle = handleOf(near)!
  expect(handle).toBeDefined()
  const megabyte = Buffer.alloc(1024 * 1024, 'x')
  let written = 0
  const taken = await new Promise<boolean>((resolve) => {
    let outcome = 'taken'
    while (outcome === 'taken') {
      outcome = writeDirectly(handle, megabyte, { onTaken: resolve })
      written += megabyte.length
    }
    expect(outcome).toBe('waiting')
    expect(handle.writeQueueSize).toBeGreaterThan(0)
    far.resume()
  })
  expect(taken).toBe(true)
  expect(handle.writeQueueSize).toBe(0)
  expect(written).toBeGreaterThan(0)
  close()
})

test('writing to a socket that is destroyed fails, and nothing else happens', async () => {
  const { near, close } = await pair()
  const handle = handleOf(near)!
  near.destroy()
  await once(near, 'close')
  expect(writeDirectly(handle, Buffer.from('x'), { onTaken: () => {} })).toBe('failed')
  expect(handleOf(near)).toBeUndefined()
  close()
})
