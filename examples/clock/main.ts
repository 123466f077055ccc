import type { AddressInfo } from 'node:net'
import express from 'express'
import { createTidings } from 'tidings'

const tidings = await createTidings({ store: 'memory:' })

// One timer for everybody, and none for nobody.
let timer: NodeJS.Timeout | undefined
tidings.watch('clock', (isWanted) => {
  console.log(isWanted ? 'Somebody listens: the clock runs.' : 'Nobody listens: the clock rests.')
  clearInterval(timer)
  if (isWanted) timer = setInterval(tellTime, 1_000)
})

async function tellTime(): Promise<void> {
  await tidings.publish({ topic: 'clock', text: new Date().toISOString() })
}

const app = express()
app.use(express.static(`${import.meta.dirname}/public`))
app.get('/sse', (request, response) => tidings.stream(request, response, { topics: ['clock'] }))

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
