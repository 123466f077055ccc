import { expect, it } from 'vitest'
import { AppProcess } from '../../tests/support/app-process.ts'
import { PageSource } from '../../tests/support/page-source.ts'
import { type TempFolder, tempFolder } from '../../tests/support/temp-folder.ts'
import { until } from '../../tests/support/until.ts'

it('an order reaches every open page by name, with the id that its maker was answered', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  using one = new PageSource(`${app.url}/events`, ['order'])
  using other = new PageSource(`${app.url}/events`, ['order'])
  await Promise.all([one.has(1, 'connected'), other.has(1, 'connected')])
  const { status, answer } = await order(app, { id: '42', item: 'tea' })
  expect(status).toBe(201)
  expect(answer).toMatchObject({ isDuplicate: false, listeners: 2 })
  for (const page of [one, other]) {
    const [event] = await page.has(1, 'order')
    expect(event!.id).toBe(answer.eventId)
    expect(JSON.parse(event!.data)).toEqual({ id: '42', item: 'tea' })
  }
})

it('the same order under the same key is made once; another under that key is refused', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  const first = await order(app, { id: '1', item: 'tea' }, 'key-1')
  await app.kill('SIGKILL')
  await app.start()
  const again = await order(app, { id: '1', item: 'tea' }, 'key-1')
  expect(again).toEqual({
    status: 200,
    answer: { eventId: first.answer.eventId, isDuplicate: true, listeners: 0 },
  })
  const changed = await order(app, { id: '1', item: 'coffee' }, 'key-1')
  expect(changed).toMatchObject({ status: 422, answer: { code: 'idempotency_mismatch' } })
})

it('a page that was away, also while the app was, gets the orders that it missed', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  using page = new PageSource(`${app.url}/events`, ['order'])
  await page.has(1, 'connected')
  await order(app, { id: '1', item: 'tea' })
  const [seen] = await page.has(1, 'order')
  page.close()
  await order(app, { id: '2', item: 'coffee' })
  await app.kill('SIGKILL')
  await app.start()
  await order(app, { id: '3', item: 'water' })
  using again = new PageSource(`${app.url}/events`, ['order'], seen!.id)
  await again.has(1, 'live')
  expect(again.of('gap')).toEqual([])
  expect(again.of('order').map(({ data }) => JSON.parse(data).item)).toEqual(['coffee', 'water'])
})

it('a page that leaves is forgotten, and HEAD listens to nothing', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  expect((await fetch(`${app.url}/events`, { method: 'HEAD' })).status).toBe(200)
  using page = new PageSource(`${app.url}/events`, ['order'])
  await page.has(1, 'connected')
  expect((await order(app, { id: '1', item: 'tea' })).answer.listeners).toBe(1)
  page.close()
  let id = 1
  await until('nobody to listen', async () => {
    id++
    return (await order(app, { id: `${id}`, item: 'tea' })).answer.listeners === 0
  })
})

it.each([
  ['no JSON', 'tea'],
  ['null', 'null'],
  ['no id', '{"item":"tea"}'],
  ['an id that is no segment of a topic', '{"id":"a/b","item":"tea"}'],
  ['an item that is no text', '{"id":"1","item":{}}'],
])('%s is refused with a reason', async (_, body) => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  const response = await fetch(`${app.url}/orders`, { method: 'POST', body })
  expect(response.status).toBe(400)
  expect(await response.json()).toHaveProperty('detail')
})

it('told to stop, it says goodbye and ends in order', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  using page = new PageSource(`${app.url}/events`, ['order', 'goodbye'])
  await page.has(1, 'connected')
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(await page.has(1, 'goodbye')).toHaveLength(1)
  expect(app.output.trim()).toBe(app.url)
})

function start(folder: TempFolder): Promise<AppProcess> {
  return AppProcess.start(import.meta.dirname, { TIDINGS_DATA: folder.path })
}

async function order(app: AppProcess, body: { id: string; item: string }, key?: string) {
  const response = await fetch(`${app.url}/orders`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(key !== undefined && { 'Idempotency-Key': key }) },
    body: JSON.stringify(body),
  })
  return { status: response.status, answer: await response.json() }
}
