import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { until } from '../support/until.ts'
import { Visit } from './visit.ts'

const perSecond = 500
const seconds = 10
const batchesPerSecond = 50

/** What a reader saw while it poured. */
interface Figures {
  /** Milliseconds between one frame and the next. */
  readonly frames: number[]
  /** The sum of the scores of all shifts: 0 is a page that stands still, and 0.1 is where pages begin to be called bad. */
  readonly layoutShift: number
}

/** What has moved. */
interface Source {
  readonly node: Element | null
  readonly previousRect: DOMRectReadOnly
  readonly currentRect: DOMRectReadOnly
}

describe.skipIf(isChromiumMissing)(`${perSecond} events a second`, () => {
  let browser: Browser

  beforeAll(async () => {
    await buildConsoleIfStale()
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test.each([
    ['the tail', '#tail'],
    ['the activity feed', '#activity'],
  ])('are all counted, and nothing jumps where %s is', async (name, section) => {
    await using visit = await Visit.begin(browser, { options: { viewport: { width: 1440, height: 900 } } })
    const { page } = visit
    // The type is known, and so its choice in the filter is there, before anything is measured.
    await visit.act('load', 'first')
    await visit.activitiesShow('first')
    await page.locator(section).evaluate((element) => element.scrollIntoView({ behavior: 'instant' }))
    await beginToMeasure(page)
    await pour(visit)
    await until(
      'all events to be counted',
      async () => (await page.textContent('#tail-total')) === (perSecond * seconds + 1).toLocaleString('en'),
      { timeoutMs: 90_000 },
    )
    const { frames, layoutShift } = await endMeasuring(page)
    process.stdout.write(`${name}: ${report(frames)}, layout shift ${layoutShift.toFixed(4)}\n`)
    expect(layoutShift).toBeLessThan(0.01)
    expect(visit.complaints).toEqual([])
  })
})

/** Publishes half activities, half lines of a log, as evenly as this machine allows. */
async function pour(visit: Visit): Promise<void> {
  const beganAt = performance.now()
  const size = perSecond / batchesPerSecond
  for (let batch = 0; batch < seconds * batchesPerSecond; batch++) {
    const dueAt = beganAt + (batch * 1_000) / batchesPerSecond
    await until('the next batch to be due', () => performance.now() >= dueAt, { everyMs: 2 })
    const events = Array.from({ length: size }, (_, index) => eventOf(batch * size + index))
    await visit.post('/api/events', events)
  }
}

function eventOf(number: number): object {
  if (number % 2 === 0) return { topic: 'logs/app', text: `GET /orders/${number} 200 in ${number % 37} ms` }
  return { topic: 'activity/load', type: 'activity', data: { type: 'load', message: `event ${number}` } }
}

async function beginToMeasure(page: Page): Promise<void> {
  await page.evaluate(() => {
    const figures = { frames: [] as number[], layoutShift: 0 }
    Object.assign(globalThis, { figures })
    let before: number | undefined
    const frame = (now: number) => {
      if (before !== undefined) figures.frames.push(now - before)
      before = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
    // The rows of a feed make room for a newer one, and that is what a feed is for. Nothing else may move. A row may be
    // gone by the time that its move is told: then it is known by where it was.
    const feed = document.querySelector('.tidings-feed-box')!.getBoundingClientRect()
    const isIn = ({ left, right, top }: DOMRectReadOnly) =>
      left >= feed.left - 1 && right <= feed.right + 1 && top >= feed.top - 1
    const isRow = ({ node, previousRect, currentRect }: Source) =>
      node === null ? isIn(previousRect) || isIn(currentRect) : node.closest('.tidings-row') !== null
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, sources } = entry as unknown as { value: number; sources: readonly Source[] }
        if (!sources.every(isRow)) figures.layoutShift += value
      }
    }).observe({ type: 'layout-shift' })
  })
}

function endMeasuring(page: Page): Promise<Figures> {
  return page.evaluate(() => (globalThis as unknown as { figures: Figures }).figures)
}

/** How smooth it was: only told, since other programs use this machine too. */
function report(frames: readonly number[]): string {
  const sorted = frames.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))]!.toFixed(1)
  const total = frames.reduce((sum, ms) => sum + ms, 0)
  const late = frames.filter((ms) => ms > 25).length
  const rate = ((frames.length * 1_000) / total).toFixed(1)
  return `${rate} frames/s over ${(total / 1_000).toFixed(1)} s, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, ${late} of ${frames.length} late`
}
