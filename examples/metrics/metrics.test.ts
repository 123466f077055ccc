import { totalmem } from 'node:os'
import { expect, it } from 'vitest'
import { AppProcess } from '../../tests/support/app-process.ts'
import { PageSource } from '../../tests/support/page-source.ts'
import { until } from '../../tests/support/until.ts'

it('a page gets the real figures of this machine every two seconds, though the responses are compressed', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using page = new PageSource(`${app.url}/api/metrics`, ['metrics'])
  const samples = (await page.has(3, 'metrics')).map(({ data }) => JSON.parse(data))
  for (const { cpu, memory } of samples) {
    expect(cpu.percent).toBeGreaterThanOrEqual(0)
    expect(cpu.percent).toBeLessThanOrEqual(100)
    expect(memory.totalBytes).toBe(totalmem())
    expect(memory.usedBytes).toBeGreaterThan(0)
    expect(memory.usedBytes).toBeLessThan(totalmem())
  }
  const between = Date.parse(samples[2].time) - Date.parse(samples[1].time)
  expect(between).toBeGreaterThan(1_800)
  expect(between).toBeLessThan(20_000)
})

it('the page is compressed, its stream is not: no byte waits for more', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  const page = await fetch(app.url, { headers: { 'Accept-Encoding': 'gzip' } })
  expect(page.headers.get('content-encoding')).toBe('gzip')
  expect(await page.text()).toContain("new EventSource('/api/metrics')")
  const stop = new AbortController()
  const stream = await fetch(`${app.url}/api/metrics`, {
    headers: { 'Accept-Encoding': 'gzip' },
    signal: stop.signal,
  })
  expect(stream.headers.get('content-encoding')).toBeNull()
  const { value } = await stream.body!.getReader().read()
  expect(new TextDecoder().decode(value)).toContain('event: connected')
  stop.abort()
})

it('whoever listens to the close of a response still hears it', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using one = new PageSource(`${app.url}/api/metrics`, ['metrics'])
  using other = new PageSource(`${app.url}/api/metrics`, ['metrics'])
  await Promise.all([one.has(1, 'metrics'), other.has(1, 'metrics')])
  one.close()
  await app.says(/^A page left, 1 stay\.$/m)
  other.close()
  await app.says(/^A page left, 0 stay\.$/m)
})

it('a page that comes back gets the samples that it missed', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using witness = new PageSource(`${app.url}/api/metrics`, ['metrics'])
  // Whoever listens before has all that the page has, if a little later.
  await witness.has(1, 'metrics')
  using page = new PageSource(`${app.url}/api/metrics`, ['metrics'])
  const [seen] = await page.has(1, 'metrics')
  page.close()
  const indexOfSeen = () => witness.of('metrics').findIndex(({ id }) => id === seen!.id)
  await until('the witness to have it too', () => indexOfSeen() >= 0)
  const before = indexOfSeen()
  await witness.has(before + 3, 'metrics')
  using again = new PageSource(`${app.url}/api/metrics`, ['metrics'], seen!.id)
  const missed = witness.of('metrics').slice(before + 1, before + 3)
  expect((await again.has(2, 'metrics')).slice(0, 2)).toEqual(missed)
})

it('nothing is measured while nobody looks', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using page = new PageSource(`${app.url}/api/metrics`, ['metrics'])
  await page.has(1, 'metrics')
  page.close()
  await app.says(/^A page left, 0 stay\.$/m)
  const last = page.of('metrics').at(-1)!
  // Another app measures twice meanwhile: sampling that went on here would show as samples that were missed.
  await using other = await AppProcess.start(import.meta.dirname)
  using meanwhile = new PageSource(`${other.url}/api/metrics`, ['metrics'])
  await meanwhile.has(3, 'metrics')
  using again = new PageSource(`${app.url}/api/metrics`, ['metrics'], last.id)
  // One more may have been taken just when the page left.
  const samples = [last, ...(await again.has(2, 'metrics'))]
  const times = samples.map(({ data }) => Date.parse(JSON.parse(data).time))
  expect(Math.max(times[1]! - times[0]!, times[2]! - times[1]!)).toBeGreaterThan(3_500)
})

it('told to stop, it says goodbye and ends in order', async () => {
  await using app = await AppProcess.start(import.meta.dirname)
  using page = new PageSource(`${app.url}/api/metrics`, ['metrics', 'goodbye'])
  await page.has(1, 'metrics')
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(await page.has(1, 'goodbye')).toHaveLength(1)
})
