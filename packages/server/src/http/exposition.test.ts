import { readFileSync } from 'node:fs'
import { setTimeout as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RequestMetrics } from '../observe/request-metrics.ts'
import { expose, METRICS, type Measured, measure } from './exposition.ts'
import { startTestApp, type TestApp } from './test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})

afterAll(() => app.close())

it('what happened shows in the metrics, and no metric has a label that callers choose', async () => {
  const stream = await app.follow('/events/alice?topic=secret-topic')
  await stream.next(1)
  await app.post('/api/events', { topic: 'user/alice', data: 1 })
  await app.post('/api/events', { topic: '' })
  await app.get('/a-path-that-somebody-made-up')
  await stream.next(1)
  const { text, headers } = await app.get('/metrics')
  expect(headers.get('content-type')).toContain('text/plain; version=0.0.4')
  const lines = text.split('\n')
  for (const line of [
    'tidings_streams 1',
    'tidings_users 1',
    'tidings_events_published_total 1',
    'tidings_events_sent_total 1',
    'tidings_publish_seconds_count 1',
    'tidings_publish_seconds_bucket{le="+Inf"} 1',
    'tidings_http_requests_total{route="/events/:userId",method="GET",status="2xx"} 1',
    'tidings_http_requests_total{route="/api/events",method="POST",status="2xx"} 1',
    'tidings_http_requests_total{route="/api/events",method="POST",status="4xx"} 1',
  ]) {
    expect(lines).toContain(line)
  }
  expect(text).not.toContain('alice')
  expect(text).not.toContain('secret-topic')
  expect(text).not.toContain('made-up')
  stream.close()
})

it('of workers, the log counts once, and is up only if it is so for all; what each has of its own is added up', async () => {
  const stats = { ...(await app.tidings.stats()), totalConnections: 3 }
  const store = { ...stats.store, warnings: ['appendfsync is everysec'] }
  const metrics = new RequestMetrics()
  const other = await measure({ ...stats, store }, metrics)
  const linesOf = async (all: Measured[]) =>
    (await expose({ ...stats, store }, metrics, all)).text.split('\n')
  expect(await linesOf([other])).toEqual(
    expect.arrayContaining(['tidings_store_up 1', 'tidings_store_warnings 1', 'tidings_streams 6']),
  )
  const starved = await measure({ ...stats, store: { ...store, state: 'starved' } }, metrics)
  expect(await linesOf([other, starved])).toContain('tidings_store_up 0')
})

it('a standstill of the event loop shows in its delay, whose figures the page names', async () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8')
  await app.get('/metrics')
  // The sampler, which each look at the page begins anew, measures from its second tick on. When that comes is up
  // to the machine: a standstill before it is not seen, and the next one is.
  await expect.poll(lagAfterStandstill, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0.28)

  async function lagAfterStandstill(): Promise<number> {
    for (const ms of [30, 300]) {
      await nextTurn(25)
      const end = performance.now() + ms
      while (performance.now() < end);
    }
    await nextTurn(25)
    const { text } = await app.get('/metrics')
    const [p50, p99, max] = ['p50', 'p99', 'max'].map((figure) => {
      const name = `tidings_nodejs_eventloop_lag_${figure}_seconds`
      expect(page).toContain(`| \`${name}\` | gauge |`)
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
    })
    if (max! > 0) {
      expect(p50).toBeGreaterThan(0)
      expect(p99).toBeGreaterThanOrEqual(p50!)
      expect(max).toBeGreaterThanOrEqual(p99!)
    }
    return max!
  }
})

it('every metric is documented in docs/metrics.md, and begins with tidings_', async () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8')
  for (const { name, type, help, labels = [] } of METRICS) {
    const names = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(', ')
    expect(page).toContain(`| \`${name}\` | ${type} | ${names} | ${help} |`)
  }
  const { text } = await app.get('/metrics')
  const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!)
  expect(families).toEqual(expect.arrayContaining(METRICS.map(({ name }) => name)))
  for (const family of families) expect(family).toMatch(/^tidings_/)
})
