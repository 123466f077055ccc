import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createAccess } from './auth/create-access.ts'
import type { HistoryQuery } from './history.ts'
import { createTidings, type StreamOptions, type Tidings } from './tidings.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(folder: string): Promise<Tidings> {
  const tidings = await createTidings({ store: `sqlite:${join(folder, 'tidings.db')}`, drainMs: 100 })
  closing.push(() => tidings.close())
  return tidings
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-library-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Reads a stream up to something. */
async function listen(tidings: Tidings, options: StreamOptions): Promise<(until: string) => Promise<string>> {
  const response = await tidings.respond(new Request('http://localhost/events'), options)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  closing.push(() => reader.cancel())
  let text = ''
  return async (until) => {
    while (!text.includes(until)) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`The stream ended before ${until}.`)
      text += value
    }
    return text
  }
}

/** Whether the log still stores, and shows what it has stored. */
async function expectWell(tidings: Tidings): Promise<void> {
  const { ids } = await tidings.publish({ topic: 'well', data: 'still here' })
  const { events } = await tidings.history({ topics: ['well'], order: 'desc', limit: 1 })
  expect(events).toMatchObject([{ id: ids[0], data: 'still here' }])
}

describe('what an app hands on by mistake is refused, and the log lives on', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1.5, '5', null])(
    'a page of %s events',
    async (limit) => {
      const tidings = await open(newFolder())
      await tidings.publish(['a', 'a', 'b', 'b'].map((topic) => ({ topic })))
      for (const topics of [['a', 'b'], ['**']]) {
        for (const order of ['asc', 'desc'] as const) {
          const query = { topics, order, limit } as HistoryQuery
          const refused = { code: 'invalid_query', field: 'limit' }
          await expect(tidings.history(query)).rejects.toMatchObject(refused)
        }
      }
      await expectWell(tidings)
    },
  )

  it('a page in no order, or of types that are a text', async () => {
    const tidings = await open(newFolder())
    const unordered = { topics: ['a'], order: 'newest' } as unknown as HistoryQuery
    await expect(tidings.history(unordered)).rejects.toMatchObject({ code: 'invalid_query', field: 'order' })
    const letters = { topics: ['a'], types: 'message' } as unknown as HistoryQuery
    await expect(tidings.history(letters)).rejects.toThrow('types is a list of types.')
    await expectWell(tidings)
  })

  it('an access that ends at no time, and so would never', () => {
    const expiresAt = Date.parse('tomorrow')
    expect(() => createAccess({ caller: 'x', mayRead: () => true, expiresAt })).toThrow(
      'expiresAt must be milliseconds since the epoch.',
    )
  })

  it.each([42, null, {}, '', 'half of \ud83d', 'k'.repeat(256)])('the idempotency key %j', async (key) => {
    const tidings = await open(newFolder())
    const options = { idempotencyKey: key as string }
    // What was stored under another spelling was found to be damaged when it came again.
    for (const _ of [1, 2]) {
      const publishing = tidings.publish({ topic: 'a' }, options)
      await expect(publishing).rejects.toMatchObject({ code: 'invalid_idempotency_key' })
    }
    await expectWell(tidings)
  })
})

it('a key of any letters means the same publish again, for a caller of any name, also after a restart', async () => {
  const folder = newFolder()
  const access = createAccess({ caller: 'half of \ud83d', mayPublish: () => true })
  const keys = ['Zahlung für 42', 'a\0b', '\u2028']
  const publishAll = async (tidings: Tidings) => {
    const options = keys.flatMap((idempotencyKey) => [{ idempotencyKey }, { idempotencyKey, access }])
    return Promise.all(options.map((each) => tidings.publish({ topic: 'a' }, each)))
  }
  const before = await open(folder)
  const first = await publishAll(before)
  expect(new Set(first.flatMap(({ ids }) => ids)).size).toBe(6)
  await before.close()
  const again = await publishAll(await open(folder))
  expect(again).toEqual(first.map((published) => ({ ...published, isDuplicate: true })))
})

describe('one stream does not decide for another', () => {
  it.each([
    ['first', [{ types: [] }, {}]],
    ['last', [{}, { types: [] }]],
  ])(
    'a list of no types, which comes %s, wants nothing, and takes nothing from who wants all',
    async (_, wishes) => {
      const tidings = await open(newFolder())
      const heard: string[] = []
      const streams = []
      for (const wish of wishes) streams.push(await listen(tidings, { topics: ['a'], ...wish }))
      await tidings.publish({ topic: 'a', data: 'news' })
      await tidings.close()
      for (const stream of streams) heard.push(await stream('event: goodbye'))
      expect(heard.map((text) => text.includes('"news"'))).toEqual(
        wishes.map(({ types }) => types === undefined),
      )
    },
  )

  it('a mayRead that throws says no, and all others go on', async () => {
    const tidings = await open(newFolder())
    const warnings: string[] = []
    const onWarning = ({ message }: Error) => void warnings.push(message)
    process.on('warning', onWarning)
    closing.push(() => process.off('warning', onWarning))
    const mayRead = (topic: string) => {
      if (topic === 'a') throw new Error('what does this topic mean?')
      return true
    }
    const puzzled = await listen(tidings, {
      topics: ['a', 'end'],
      access: createAccess({ caller: 'x', mayRead }),
    })
    const other = await listen(tidings, { topics: ['a', 'end'] })
    await tidings.publish({ topic: 'a', data: 'news' })
    await tidings.publish({ topic: 'end' })
    expect(await other('topic: end')).toContain('data: "news"')
    expect(await puzzled('topic: end')).not.toContain('news')
    expect(tidings.audience('a')).toBe(1)
    await expectWell(tidings)
    expect(warnings).toContain('what does this topic mean?')
  })
})
