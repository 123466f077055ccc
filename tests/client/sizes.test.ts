import { expect, it } from 'vitest'
import { bundleSize } from '../../scripts/bundle-size.ts'

/** What is loaded with one name of one entry point, by folders and files of the repository. */
async function sourcesOf(code: string, external: readonly string[] = []): Promise<string[]> {
  const { sources } = await bundleSize(code, external)
  return [...sources].sort()
}

it('a bundle holds what is used, minified and as gzip', async () => {
  const one = await bundleSize(`export const answer = 40 + 2`)
  expect(one.minified).toBeLessThan(60)
  const large = await bundleSize(`export const text = ${JSON.stringify('abcdefgh'.repeat(1_000))}`)
  expect(large.minified).toBeGreaterThan(8_000)
  expect(large.gzip).toBeLessThan(large.minified / 10)
  const unused = await bundleSize(`import * as api from '@tidings/client/api'\nexport const answer = 42`)
  expect(unused.sources).toEqual([])
})

it('what is loaded only when it is needed is counted apart', async () => {
  const eager = await bundleSize(`export { createApi } from '@tidings/client/api'`)
  const lazy = await bundleSize(`export const load = () => import('@tidings/client/api')`)
  expect(eager.later).toBe(0)
  expect(lazy.gzip).toBeLessThan(eager.gzip / 2)
  expect(lazy.later).toBeGreaterThan(eager.gzip / 2)
})

it('packages that the application has anyway are not counted', async () => {
  const code = `export { TidingsProvider } from '@tidings/react'`
  const without = await sourcesOf(code, ['react', '@tidings/client'])
  expect(without.filter((path) => !path.startsWith('packages/react/'))).toEqual([])
  const withAll = await sourcesOf(code, ['react'])
  expect(withAll).toContain('packages/client/src/api/requester.ts')
})

it('the parser and the two ways to move over bring nothing of Tidings along', async () => {
  const parser = 'packages/client/src/parser.ts'
  expect(await sourcesOf(`export * from '@tidings/client/parser'`)).toEqual([parser])
  for (const name of ['event-source', 'fetch-event-source']) {
    const sources = await sourcesOf(`export * from '@tidings/client/${name}'`)
    const folders = /^packages\/client\/src\/(fetch-)?event-source(\/|\.ts$)/
    expect(sources.filter((path) => !folders.test(path))).toEqual([parser])
  }
})

it('connect() brings neither the API nor the publisher along, and the API no stream', async () => {
  const connect = await sourcesOf(`export { connect } from '@tidings/client'`)
  expect(connect.filter((path) => /src\/(api|publisher|(fetch-)?event-source)\b/.test(path))).toEqual([])
  const api = await sourcesOf(`export { createApi } from '@tidings/client/api'`)
  expect(api.filter((path) => /src\/(stream|tabs|connect|parser)\b/.test(path))).toEqual([])
  expect(api).toContain('packages/client/src/api/requester.ts')
})

it('what only tabs need is loaded by those that share, and not before', async () => {
  const { gzip, later } = await bundleSize(`export { connect } from '@tidings/client'`)
  expect(gzip).toBeLessThan(10_000)
  expect(later).toBeGreaterThan(2_000)
})

it('of the protocol only small parts are loaded', async () => {
  const names = ['', '/api', '/event-source', '/fetch-event-source', '/parser', '/publisher']
  const everything = names.map((name, index) => `export * as part${index} from '@tidings/client${name}'`)
  const sources = await sourcesOf(everything.join('\n'))
  const small = ['limits', 'topic', 'control']
  const protocol = sources.filter((path) => path.startsWith('packages/protocol/'))
  expect(protocol.filter((path) => !small.some((name) => path.endsWith(`/${name}.ts`)))).toEqual([])
})
