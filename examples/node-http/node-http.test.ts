import { parseCursor } from '@tidings/protocol'
import { expect, it } from 'vitest'
import { AppProcess } from '../../tests/support/app-process.ts'
import { PageSource } from '../../tests/support/page-source.ts'
import { until } from '../../tests/support/until.ts'

it('everybody gets the time by name once a second, from one clock', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using first = new PageSource(`${app.url}/events`, ['time'])
  await first.has(1, 'time')
  using second = new PageSource(`${app.url}/events`, ['time'])
  await second.has(2, 'time')
  const seen = second.of('time').slice(0, 2)
  const times = await first.has(seen.length + 2, 'time')
  expect(times).toEqual(expect.arrayContaining(seen))
  expect(times.map(({ id }) => numberOf(id))).toEqual(times.map((_, index) => index + 1))
  for (const { data } of times)
    expect(Math.abs(Date.now() - Date.parse(JSON.parse(data).time))).toBeLessThan(60_000)
  const between = Date.parse(JSON.parse(times[2]!.data).time) - Date.parse(JSON.parse(times[1]!.data).time)
  expect(between).toBeGreaterThan(900)
  expect(between).toBeLessThan(10_000)
})

it('a page that comes back with its last id gets the seconds that it missed', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using witness = new PageSource(`${app.url}/events`, ['time'])
  // Whoever listens before has all that the page has, if a little later.
  await witness.has(1, 'time')
  using page = new PageSource(`${app.url}/events`, ['time'])
  const [seen] = await page.has(1, 'time')
  page.close()
  await until('the witness to have more', () => {
    return witness.of('time').filter(({ id }) => numberOf(id) > numberOf(seen!.id)).length > 1
  })
  using again = new PageSource(`${app.url}/events`, ['time'], seen!.id)
  await again.has(1, 'live')
  expect(again.of('gap')).toEqual([])
  const missed = witness.of('time').filter(({ id }) => numberOf(id) > numberOf(seen!.id))
  expect(missed.length).toBeGreaterThan(1)
  expect((await again.has(missed.length, 'time')).slice(0, missed.length)).toEqual(missed)
})

it('the clock rests while nobody listens', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using page = new PageSource(`${app.url}/events`, ['time'])
  await page.has(2, 'time')
  page.close()
  await app.says(/Nobody listens: the clock rests\./)
  const last = page.of('time').at(-1)!
  // A second app takes its time to tell three times: longer than a clock that went on would need for one.
  await using other = await AppProcess.start(import.meta.dirname)
  using meanwhile = new PageSource(`${other.url}/events`, ['time'])
  await meanwhile.has(3, 'time')
  using again = new PageSource(`${app.url}/events`, ['time'], last.id)
  // One more may have been told just when the page left.
  const told = [last, ...(await again.has(2, 'time')).slice(0, 2)]
  expect(told.map(({ id }) => numberOf(id) - numberOf(last.id))).toEqual([0, 1, 2])
  const times = told.map(({ data }) => Date.parse(JSON.parse(data).time))
  expect(Math.max(times[1]! - times[0]!, times[2]! - times[1]!)).toBeGreaterThan(2_000)
})

it('told to stop, it says goodbye and ends in order', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using page = new PageSource(`${app.url}/events`, ['time', 'goodbye'])
  await page.has(1, 'time')
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  const [goodbye] = await page.has(1, 'goodbye')
  expect(JSON.parse(goodbye!.data)).toMatchObject({ reason: 'drain', reconnect: true })
})

it('its page is there, and nothing else is', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  const page = await fetch(app.url)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(await page.text()).toContain("new EventSource('/events')")
  expect((await fetch(`${app.url}/nothing`)).status).toBe(404)
})

function numberOf(id: string): number {
  return parseCursor(id)!.seq
}
