import express, { type Response } from 'express'

/** The usual article's server: an Express app that keeps its responses and writes to each in a loop. */
const app = express()
const clients = new Set<Response>()
const heartbeatMs = 15_000
let lastId = 0

app.use(express.json({ limit: '1mb' }))

app.get('/ready', (_, response) => void response.sendStatus(200))

app.get('/events', (request, response) => {
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
  response.flushHeaders()
  response.write(': connected\n\n')
  clients.add(response)
  request.on('close', () => clients.delete(response))
})

app.post('/publish', (request, response) => {
  for (const { data } of request.body as { data: unknown }[]) {
    const block = `id: ${++lastId}\ndata: ${JSON.stringify(data)}\n\n`
    for (const client of clients) client.write(block)
  }
  response.status(201).json({ lastId })
})

setInterval(() => {
  for (const client of clients) client.write(': heartbeat\n\n')
}, heartbeatMs)

app.listen(Number(process.argv[2]), '127.0.0.1')
