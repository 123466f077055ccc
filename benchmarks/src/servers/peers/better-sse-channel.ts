import { createChannel, createSession } from 'better-sse'
import express from 'express'

/** The example of better-sse's documentation, with a route to publish by. */
const app = express()
const channel = createChannel()

app.use(express.json({ limit: '1mb' }))

app.get('/ready', (_, response) => void response.sendStatus(200))

app.get('/events', async (request, response) => {
  const session = await createSession(request, response)
  channel.register(session)
})

app.post('/publish', (request, response) => {
  const events = request.body as { data: unknown }[]
  for (const { data } of events) channel.broadcast(data, 'message')
  response.status(201).json({ sent: events.length })
})

app.listen(Number(process.argv[2]), '127.0.0.1')
