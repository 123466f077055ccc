import { createServer, type Socket } from 'node:net'

/** Only what the measurement needs of HTTP: a GET opens a stream, a POST's body arrives whole and is published. */
const streams = new Set<Socket>()
const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: connected\n\n'
const created = Buffer.from('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n')
const ready = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
const headEnd = '\r\n\r\n'

const server = createServer({ noDelay: true }, (socket) => {
  let received: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => streams.delete(socket))
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const end = received.indexOf(headEnd)
    if (end === -1) return
    const text = received.toString('latin1', 0, end)
    const size = end + headEnd.length + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (received.length < size) return
    answer(socket, text, received.subarray(end + headEnd.length, size))
    received = received.subarray(size)
  })
})

function answer(socket: Socket, request: string, body: Buffer): void {
  if (request.startsWith('POST')) publish(socket, body)
  else if (request.startsWith('GET /ready')) socket.write(ready)
  else {
    socket.write(head)
    streams.add(socket)
  }
}

/** One write a stream, however many events the body holds. */
function publish(socket: Socket, body: Buffer): void {
  const events = JSON.parse(body.toString()) as { data: unknown }[]
  const block = Buffer.from(events.map(({ data }) => `data: ${JSON.stringify(data)}\n\n`).join(''))
  for (const stream of streams) stream.write(block)
  socket.write(created)
}

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
