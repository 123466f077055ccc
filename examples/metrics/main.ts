import type { AddressInfo } from 'node:net'
import compression from 'compression'
import express from 'express'
import { createTidings } from 'tidings'

const tidings = await createTidings({ store: 'memory:', retentionAgeMs: 600_000 })

const app = express()
app.use(compression())
app.use(express.static(`${import.meta.dirname}/public`))

// Tidings measures the machine every two seconds, but only while somebody listens to `$metrics`.
app.get('/api/metrics', (request, response) => {
  response.on('close', () => console.log(`A page left, ${tidings.audience('$metrics')} stay.`))
  return tidings.stream(request, response, { topics: ['$metrics'], last: 30 })
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
