import { expect, it } from 'vitest'
import { AppProcess } from '../../tests/support/app-process.ts'
import { PageSource } from '../../tests/support/page-source.ts'
import { until } from '../../tests/support/until.ts'

it('a page gets the time once a second, as an event without a name', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using page = new PageSource(`${app.url}/sse`, ['message'])
  const [first, second] = await page.has(2, 'message')
  expect(first!.data).toBe(new Date(first!.data).toISOString())
  const between = Date.parse(second!.data) - Date.parse(first!.data)
  expect(between).toBeGreaterThan(900)
  expect(between).toBeLessThan(10_000)
  expect(second!.id).not.toBe(first!.id)
})

it('a page that comes back with its last id gets the seconds that it missed, once each', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using witness = new PageSource(`${app.url}/sse`, ['message'])
  // Whoever listens before has all that the page has, if a little later.
  await witness.has(1, 'message')
  using page = new PageSource(`${app.url}/sse`, ['message'])
  const [seen] = await page.has(1, 'message')
  page.close()
  const indexOfSeen = () => witness.of('message').findIndex(({ id }) => id === seen!.id)
  await until('the witness to have it too', () => indexOfSeen() >= 0)
  const before = indexOfSeen()
  await witness.has(before + 4, 'message')
  using again = new PageSource(`${app.url}/sse`, ['message'], seen!.id)
  const missed = witness.of('message').slice(before + 1, before + 4)
  expect((await again.has(3, 'message')).slice(0, 3)).toEqual(missed)
})

it('the clock stops with its last listener and starts with the next, and questions do not wake it', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  // Express gives HEAD to the handler of GET: it must be answered, and listen to nothing.
  const head = await fetch(`${app.url}/sse`, { method: 'HEAD' })
  expect(head.status).toBe(200)
  expect(head.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(app.output).not.toContain('runs')
  for (let round = 0; round < 2; round++) {
    using one = new PageSource(`${app.url}/sse`, ['message'])
    using other = new PageSource(`${app.url}/sse`, ['message'])
    await Promise.all([one.has(1, 'message'), other.has(1, 'message')])
    one.close()
    await other.has(2, 'message')
    expect(app.output.match(/rests/g) ?? []).toHaveLength(round)
    other.close()
    await app.says(new RegExp(`(rests[^]*){${round + 1}}`))
  }
  expect(app.output.match(/runs/g)).toHaveLength(2)
})

it('told to stop, it ends in order, though a page listens', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using page = new PageSource(`${app.url}/sse`, ['message', 'goodbye'])
  await page.has(1, 'message')
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(await page.has(1, 'goodbye')).toHaveLength(1)
  // What is printed last is the clock's rest: no timer outlives the streams.
  expect(app.output.trim()).toMatch(/the clock rests\.$/)
})

it('its page is served', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  expect(await (await fetch(app.url)).text()).toContain("new EventSource('/sse')")
})
