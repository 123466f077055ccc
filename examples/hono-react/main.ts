import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { createTidings, TidingsError } from 'tidings'
import { buildPage } from './build-page.ts'

const tidings = await createTidings({ data: process.env.TIDINGS_DATA })
const { renderPage } = await buildPage()

const app = new Hono()
app.get('/', async (context) => {
  // State and place are read together: the page shows these deploys, and its stream begins right after them.
  const { events, head } = await tidings.history({ topics: ['activity/deploy'], order: 'desc', limit: 10 })
  const deploys = events.map(({ id, data }) => ({ id, message: (data as { message: string }).message }))
  return context.html(renderPage({ deploys, head }))
})

app.get('/events', ({ req }) => tidings.respond(req.raw, { topics: ['activity/deploy', 'broadcast'] }))

app.post('/deploys', async ({ req }) => {
  const { message } = (await req.json().catch(() => null)) ?? {}
  if (typeof message !== 'string')
    return Response.json({ detail: 'A deploy has a message.' }, { status: 400 })
  const data = { type: 'deploy', message }
  const { ids } = await tidings.publish(
    { topic: 'activity/deploy', type: 'activity', data },
    { idempotencyKey: req.header('Idempotency-Key') },
  )
  return Response.json({ id: ids[0] }, { status: 201 })
})

app.use('/assets/*', serveStatic({ root: `${import.meta.dirname}/dist` }))

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
