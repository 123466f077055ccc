import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTidings } from 'tidings'

const tidings = await createTidings({ store: 'memory:' })
const page = await readFile(`${import.meta.dirname}/index.html`)

// One timer for everybody, and none for nobody.
let timer: NodeJS.Timeout | undefined
tidings.watch('clock', (isWanted) => {
  console.log(isWanted ? 'Somebody listens: the clock runs.' : 'Nobody listens: the clock rests.')
  clearInterval(timer)
  if (isWanted) timer = setInterval(tellTime, 1_000)
})

async function tellTime(): Promise<void> {
  await tidings.publish({ topic: 'clock', type: 'time', data: { time: new Date().toISOString() } })
}

const server = createServer(async (request, response) => {
  const path = request.url?.split('?')[0]
  if (path === '/events') {
    await tidings.stream(request, response, { topics: ['clock'] })
  } else if (path === '/') {
    response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page)
  } else {
    response.writeHead(404).end('There is nothing here.')
  }
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await tidings.close()
    server.close()
  })
}
