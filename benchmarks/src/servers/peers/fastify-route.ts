import createApp from 'fastify'

/** A route that parses a publish's JSON and answers as a publish is answered, with one invented id an event. */
const app = createApp()

app.get('/ready', async () => ({ ready: true }))

app.post('/publish', async (request, reply) => {
  const events = request.body as unknown[]
  reply.status(201)
  return { ids: events.map(() => 'k3v9x0a2bq.1z4.m2c8p'), durability: 'memory', duplicate: false }
})

await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
