import type { AddressInfo } from 'node:net'
import express from 'express'
import { createTidings } from 'tidings'
import { build } from 'vite'

const tidings = await createTidings({ data: process.env.TIDINGS_DATA })

// A real app builds its page when it is deployed; this one builds it whenever it starts.
await build({ configFile: `${import.meta.dirname}/vite.config.ts`, logLevel: 'error' })

/** Who is looking: a real app reads its session here. */
const user = 'demo-user'

const app = express()
app.use(express.static(`${import.meta.dirname}/dist`))
app.use(express.json())

app.get('/events', (request, response) =>
  tidings.stream(request, response, { topics: [`user/${user}`, 'broadcast', 'orders/*'], user }),
)

// What the bell shows before anything arrives.
app.get('/api/notifications/:user', async ({ query }, response) => {
  const { events, next } = await tidings.history({
    topics: [`user/${user}`],
    types: ['notification'],
    order: 'desc',
    limit: Math.min(100, Number(query.limit) || 20),
    before: typeof query.before === 'string' ? query.before : undefined,
  })
  const notifications = events.map(({ id, time, data }) => ({ id, time, ...(data as object) }))
  response.json({ notifications, next })
})

let number = 0

app.post('/orders', async ({ body }, response) => {
  number++
  const item = String(body?.item ?? 'tea').slice(0, 100)
  // One publish: the order and the word to its buyer are stored together, or not at all.
  const { ids } = await tidings.publish([
    { topic: `orders/${number}`, type: 'order', data: { number, item } },
    {
      topic: `user/${user}`,
      type: 'notification',
      data: { type: 'success', title: 'Order received', message: `We are packing your ${item}.`, link: '/' },
    },
  ])
  response.status(201).json({ ids })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await tidings.close()
    server.close()
  })
}
