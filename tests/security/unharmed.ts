import { expect } from 'vitest'
import { checkConduct, checkResources, type Sample } from '../history/index.ts'
import { Publisher } from '../support/publisher.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'

const mebibyte = 1024 * 1024

/**
 * Looks at a server after an attack: it holds what it held before, nothing was thrown that nobody caught, and a
 * stranger's publish still reaches a stranger's stream.
 */
export async function expectUnharmed(server: ServerProcess, before: Sample): Promise<void> {
  const { port, isSecure } = server
  using reader = await SseReader.open({ port, isSecure, topics: ['after/attack'] })
  using publisher = new Publisher({ port, isSecure, name: 'after-attack', attempts: 1 })
  expect((await publisher.publish({ topic: 'after/attack' })).kind).toBe('acknowledged')
  await reader.hasReceived(1)
  reader.close()
  publisher[Symbol.dispose]()
  await until(
    'descriptors to be back',
    async () => (await server.sample()).descriptors <= before.descriptors + 2,
  )
  const bounds = {
    peak: { rssBytes: before.rssBytes + 150 * mebibyte, descriptors: before.descriptors + 300 },
    growth: { rssBytes: 100 * mebibyte, descriptors: 2 },
  }
  expect(checkResources(before, [], await server.sample(), bounds)).toEqual([])
  expect(checkConduct({ output: server.output, unexpectedEnds: [] })).toEqual([])
}
