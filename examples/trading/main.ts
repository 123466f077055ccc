import { readFile } from 'node:fs/promises'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createTidings, type EventInput } from 'tidings'

// The log is a file, so ids go on where they were when this program starts anew.
const tidings = await createTidings({ data: process.env.TIDINGS_DATA, retentionAgeMs: 3_600_000 })
const page = await readFile(`${import.meta.dirname}/index.html`, 'utf8')

interface Price {
  readonly symbol: string
  readonly price: number
}

const prices = new Map([
  ['ACME', 120],
  ['GLOBEX', 64],
  ['INITECH', 18],
])

// So do the prices: the last ones are in the log.
const { events } = await tidings.history({ topics: ['prices/*'], limit: prices.size, order: 'desc' })
for (const { data } of events) prices.set((data as Price).symbol, (data as Price).price)

// The market is open whether or not somebody looks: whoever comes back gets what happened meanwhile.
const priceTimer = setInterval(() => publish([...prices.keys()].map(nextPrice)), 1_000)
let alertTimer = setTimeout(alert, 2_000)

function nextPrice(symbol: string): EventInput {
  const change = 1 + (Math.random() - 0.5) / 25
  const price = Math.max(1, Math.round(prices.get(symbol)! * change * 100) / 100)
  prices.set(symbol, price)
  return { topic: `prices/${symbol}`, type: 'price-update', data: { symbol, price } satisfies Price }
}

function alert(): void {
  const symbol = [...prices.keys()][Math.floor(Math.random() * prices.size)]
  publish([{ topic: 'alerts', type: 'alert', data: { symbol, message: `Unusual volume in ${symbol}` } }])
  alertTimer = setTimeout(alert, 2_000 + Math.random() * 6_000)
}

function publish(events: readonly EventInput[]): void {
  tidings.publish(events).catch((error: Error) => console.error(`Not published: ${error.message}`))
}

const app = new Hono()
app.get('/', (context) => context.html(page))
app.get('/events', ({ req }) => tidings.respond(req.raw, { topics: ['prices/*', 'alerts'], last: 90 }))

const port = Number(process.env.PORT ?? 3000)
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  console.log(`http://127.0.0.1:${address.port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    clearInterval(priceTimer)
    clearTimeout(alertTimer)
    await tidings.close()
    server.close()
  })
}

// The store can't be trusted any more: end, and let whatever started this program start it again.
void tidings.failed.then((error) => {
  console.error(error.message)
  process.exit(1)
})
