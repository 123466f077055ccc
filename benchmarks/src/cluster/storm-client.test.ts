import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../../../tests/support/until.ts'
import { payload } from '../payload.ts'
import { firstNumber, StormClient } from './storm-client.ts'

const head =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 1234\nevent: connected\nid: start\n\n'

describe('a client of a storm', () => {
  let server: Server
  let sockets: Socket[]
  let requests: string[]
  let client: StormClient
  let cuts: number
  let refusals: string[]

  beforeEach(async () => {
    ;[sockets, requests, cuts, refusals] = [[], [], 0, []]
    server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {}).on('data', (bytes) => requests.push(bytes.toString()))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    client = new StormClient('/events', '127.0.0.1', {
      onOpen: () => {},
      onNumber: () => {},
      onCut: () => void cuts++,
      onRefused: (_, reason) => void refusals.push(reason),
    })
    await connect()
  })

  afterEach(() => {
    client.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  async function connect(): Promise<void> {
    const before = requests.length
    client.connect((server.address() as AddressInfo).port)
    await until('the request', () => requests.length > before)
  }

  /** Sends text, in pieces of so many characters, each in a packet of its own as far as the system lets it. */
  async function send(text: string, size = text.length): Promise<void> {
    for (let at = 0; at < text.length; at += size) {
      sockets.at(-1)!.write(text.slice(at, at + size))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  it.each([1, 7, 50, 10_000])('counts every number once, in pieces of %i characters', async (size) => {
    const [status, rest] = [head.slice(0, 15), head.slice(15)]
    await send(status)
    await send(rest + [1, 2, 3, 4, 5].map(block).join(''), size)
    await until('the last number', () => client.number === 5)
    expect([client.lost, client.repeated, client.retryMs]).toEqual([0, 0, 1234])
  })

  it('counts what was passed over and what came again', async () => {
    await send(head + [1, 2, 5, 5, 6].map(block).join(''))
    await until('the last number', () => client.number === 6)
    expect([client.lost, client.repeated]).toEqual([2, 1])
  })

  it('comes back with the id of the last block that it has whole', async () => {
    await send(head + block(1) + block(2) + block(3).slice(0, -2))
    await until('the second number', () => client.number === 2)
    sockets[0]!.destroy()
    await until('the cut', () => cuts === 1)
    await connect()
    expect(requests[1]).toContain('Last-Event-ID: id-2\r\n')
    await send(head.replace('start', 'id-2') + block(3))
    await until('the third number', () => client.number === 3)
    expect([client.lost, client.repeated]).toEqual([0, 0])
  })

  it('tells of any answer but 200', async () => {
    await send('HTTP/1.1 503 Service Unavailable\r\n\r\n')
    await until('the refusal', () => refusals.length > 0)
    expect([refusals, cuts]).toEqual([['HTTP/1.1 503 Service Unavailable'], 0])
  })
})

function block(number: number): string {
  return `id: id-${number}\ndata: ${payload(firstNumber + number)}\n\n`
}
