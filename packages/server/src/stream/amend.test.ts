import { parseCursor } from '@tidings/protocol'
import { afterEach, expect, it } from 'vitest'
import { openAccess } from '../auth/access.ts'
import { createTidings, type Tidings } from '../tidings.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A stream that was told its name, and has yet to look for the last events of its topic. */
async function begin(): Promise<{
  tidings: Tidings
  clientId: string
  heardUntil(end: string): Promise<string>
}> {
  const tidings = await createTidings({ store: 'memory:', drainMs: 100 })
  closing.push(() => tidings.close())
  await tidings.publish(['a', 'b', 'a', 'b', 'a', 'b'].map((topic, data) => ({ topic, data })))
  const response = await tidings.respond(new Request('http://localhost/'), { topics: ['a'], last: 2 })
  const reader = response.body!.getReader()
  closing.push(() => reader.cancel())
  let text = ''
  const heardUntil = async (end: string) => {
    while (!text.includes(end)) {
      const { value, done } = await reader.read()
      if (done) throw new Error(`The stream ended before ${end}.`)
      text += Buffer.from(value).toString()
    }
    return text
  }
  const [, clientId] = /"clientId":"(\w+)"/.exec(await heardUntil('connected'))!
  return { tidings, clientId: clientId!, heardUntil }
}

it('a stream that has just begun with `last` answers with a place that its client can come back with', async () => {
  const { tidings, clientId, heardUntil } = await begin()
  const amended = await tidings.amend(clientId, { add: ['b'] }, openAccess)
  expect(parseCursor(amended!.cursor)).toBeDefined()
  const text = await heardUntil('event: live')
  // What is added comes from where the stream stands, before its last two.
  expect(text.match(/^data: \d$/gm)).toEqual(['data: 2', 'data: 3', 'data: 4', 'data: 5'])
})

it('a gap in what is added while it has just begun names a place that its client can come back with', async () => {
  const { tidings, clientId, heardUntil } = await begin()
  const foreign = { add: ['b'], after: 'zzzzzzzzzz.1.zzzzz' }
  const { cursor } = (await tidings.amend(clientId, foreign, openAccess))!
  const text = await heardUntil('event: live')
  const gap = JSON.parse(/^event: gap\ndata: (.*)$/m.exec(text)![1]!)
  expect(gap).toEqual({ reason: 'epoch', from: null, to: cursor, missed: null })
  expect(parseCursor(cursor)).toBeDefined()
})
