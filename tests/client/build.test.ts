import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Consumer } from '../support/consumer.ts'
import { ServerProcess } from '../support/server-process.ts'

const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

/** This Node, and the system's own, which may be older. */
const nodes = [process.execPath, ...otherNodes()].map((path) => {
  return { path, version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() }
})

function otherNodes(): string[] {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
  return folders
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .slice(0, 1)
}

let consumer: Consumer

beforeAll(async () => {
  consumer = await Consumer.install(['protocol', 'client', 'react'])
}, 180_000)

afterAll(() => consumer[Symbol.asyncDispose]())

describe.each(nodes)('Node $version', ({ path: node }) => {
  it('imports every subpath of the packages as they are published', async () => {
    const all = [
      ...(await consumer.subpaths('@tidings/protocol')),
      ...(await consumer.subpaths('@tidings/client')),
    ]
    const react = await consumer.subpaths('@tidings/react')
    expect(all).toContain('@tidings/client/publisher')
    const code = [...all, ...react].map((path) =>
      path.endsWith('.css')
        ? `if (!existsSync(new URL(import.meta.resolve('${path}')))) throw new Error('${path} is missing')`
        : `console.log('${path}', Object.keys(await import('${path}')).length > 0)`,
    )
    await consumer.write(
      'imports.js',
      `import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'\n${code.join('\n')}\n`,
    )
    const { code: exitCode, output } = await consumer.run(node, 'imports.js')
    expect({ exitCode, output }).toEqual({
      exitCode: 0,
      output: [...all, ...react]
        .filter((path) => !path.endsWith('.css'))
        .map((path) => `${path} true\n`)
        .join(''),
    })
  })

  it('publishes and receives with them', async () => {
    await using server = await ServerProcess.start()
    await consumer.write('run.js', roundTrip)
    const { code, output } = await consumer.run(node, 'run.js', server.url)
    expect({ code, output }).toEqual({ code: 0, output: 'tea 2 fsync tea\n' })
  })
})

const roundTrip = `
import { connect } from '@tidings/client'
import { createApi } from '@tidings/client/api'
import { createPublisher } from '@tidings/client/publisher'

const url = process.argv[2]
const publisher = createPublisher({ url })
const stream = connect({ url: url + '/events', topics: ['orders/*'] })
const received = new Promise((resolve) => stream.on('order', resolve))
await new Promise((resolve) => stream.on('connected', resolve))
const { ids, durability } = await publisher.publish([
  { topic: 'orders/1', type: 'order', data: 'tea' },
  { topic: 'orders/1', type: 'other' },
])
const { events } = await createApi({ url }).events({ topics: 'orders/1', types: ['order'] })
console.log((await received).data, ids.length, durability, events[0].data)
stream.close()
await publisher.close()
`

describe('types, as others check them', () => {
  const use = `
import { connect, type TidingsEvent, type TidingsStream } from '@tidings/client'
import { createApi, TidingsRequestError, type Receipt } from '@tidings/client/api'
import { EventSource } from '@tidings/client/event-source'
import { fetchEventSource } from '@tidings/client/fetch-event-source'
import { createPublisher } from '@tidings/client/publisher'
import * as parser from '@tidings/client/parser'
import { object, string, number } from 'valibot'
import { z } from 'zod'

const stream = connect({
  url: 'https://example.com/events',
  topics: ['orders/*'],
  events: { order: z.object({ item: z.string() }), price: object({ symbol: string(), price: number() }) },
  token: async ({ reason, signal }) => (signal.aborted ? undefined : reason),
})
stream.on('order', ({ data, topic, timeMs }) => data.item.toUpperCase() + topic?.length + timeMs.toFixed())
stream.on('price', ({ data }) => data.price.toFixed(2))
stream.on('gap', ({ reason }) => reason === 'trimmed')
stream.on('*', (event: TidingsEvent) => event.text)
// @ts-expect-error: an order has an item
stream.on('order', ({ data }) => data.price)
async function main(): Promise<Receipt> {
  for await (const event of stream) if (event.isReplayed) break
  const { notifications } = await createApi().notifications('alice', { limit: 5 })
  const first: string | undefined = notifications[0]?.title
  const publisher = createPublisher({ url: 'https://example.com', key: 'tdk_x' })
  return publisher.publish({ topic: 'a', data: first })
}
main().catch((error: unknown) => error instanceof TidingsRequestError && error.code)
export const used: unknown[] = [EventSource, fetchEventSource, parser, stream satisfies TidingsStream]
`
  const bell = `
import { TidingsProvider, useConnection, useEvents, useNotifications } from '@tidings/react'
import { NotificationBell, Toaster } from '@tidings/react/components'
import '@tidings/react/styles.css'

function Feed() {
  const events = useEvents('orders/*', { keep: 10 })
  const { unreadCount } = useNotifications()
  return <p>{events.length} {unreadCount} {useConnection().state}</p>
}

export const page = (
  <TidingsProvider user="alice">
    <NotificationBell /><Toaster /><Feed />
  </TidingsProvider>
)
`
  const settings: [string, object][] = [
    [
      'bundler',
      { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom', 'dom.iterable'], types: [] },
    ],
    ['nodenext', { module: 'nodenext', lib: ['es2022', 'dom', 'dom.iterable'], types: [] }],
    // Node's own types lack a few names of the DOM that are mentioned here.
    ['nodenext without a DOM', { module: 'nodenext', lib: ['es2024'], types: ['node'], skipLibCheck: true }],
  ]

  it.each(settings)('%s', async (name, options) => {
    const hasDom = !name.includes('without')
    await consumer.write('use.ts', use)
    await consumer.write('page.tsx', bell)
    await consumer.write('css.d.ts', `declare module '*.css'\n`)
    const compilerOptions = { strict: true, noEmit: true, target: 'es2022', jsx: 'react-jsx', ...options }
    const files = hasDom ? ['use.ts', 'page.tsx', 'css.d.ts'] : ['use.ts']
    await consumer.write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
    expect(await consumer.run(tsc)).toEqual({ code: 0, output: '' })
  })
})

it('a package holds its build, its README and nothing else', () => {
  const require = createRequire(`${consumer.path}/`)
  for (const name of ['client', 'react', 'protocol']) {
    const folder = `${consumer.path}/node_modules/@tidings/${name}`
    expect(existsSync(`${folder}/README.md`), name).toBe(true)
    expect(existsSync(`${folder}/src`), name).toBe(false)
    expect(existsSync(`${folder}/dist/index.d.ts`), name).toBe(true)
  }
  expect(require.resolve('@tidings/react/styles.css')).toContain('styles.css')
})
