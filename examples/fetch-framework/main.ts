import { readFile } from 'node:fs/promises'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createTidings, TidingsError } from 'tidings'

const tidings = await createTidings({ data: process.env.TIDINGS_DATA })
const page = await readFile(`${import.meta.dirname}/index.html`, 'utf8')

const app = new Hono()
app.get('/', (context) => context.html(page))
app.get('/events', ({ req }) => tidings.respond(req.raw, { topics: ['orders/*'] }))

app.post('/orders', async ({ req }) => {
  const { id, item } = (await req.json().catch(() => null)) ?? {}
  const isOrder = typeof id === 'string' && /^[\w-]{1,64}$/.test(id) && typeof item === 'string'
  if (!isOrder)
    return Response.json({ detail: 'An order has an id, of letters, and an item.' }, { status: 400 })
  const topic = `orders/${id}`
  const { ids, isDuplicate } = await tidings.publish(
    { topic, type: 'order', data: { id, item } },
    { idempotencyKey: req.header('Idempotency-Key') },
  )
  const answer = { eventId: ids[0], isDuplicate, listeners: tidings.audience(topic) }
  return Response.json(answer, { status: isDuplicate ? 200 : 201 })
})

// Errors of Tidings bear a stable code, an HTTP status, and a message that is fit to be shown.
app.onError((error) => {
  if (error instanceof TidingsError) {
    return Response.json({ code: error.code, detail: error.message }, { status: error.status })
  }
  console.error(error)
  return Response.json({ detail: 'This went wrong, and it is not your fault.' }, { status: 500 })
})

const port = Number(process.env.PORT ?? 3000)
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  console.log(`http://127.0.0.1:${address.port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await tidings.close()
    server.close()
  })
}
