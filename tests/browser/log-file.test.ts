import { spawn } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliProcess } from '../cli/cli-process.ts'
import { makeLines } from '../cli/log-lines.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'

/** What the page keeps for the test to look at. */
interface LinesWindow {
  lines: string[]
  gaps: string[]
}

describe.skipIf(isChromiumMissing)('a growing log file, piped into a page', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser.close())

  test('every line arrives once and in order, though the server is killed with -9 in the midst of it', async () => {
    await using folder = await tempFolder()
    await using server = await ServerProcess.start({ settings: { retryMs: 50 } })
    const page = await browser.newPage()
    await page.goto(server.url)
    await listen(page, 'logs/app')
    const log = join(folder.path, 'app.log')
    const lines = makeLines(4_000)
    await writeFile(log, '')
    await using publish = new CliProcess(['publish', '--url', server.url, '--topic', 'logs/app'])
    const follow = spawn('tail', ['-n', '+1', '-f', log], { stdio: ['ignore', 'pipe', 'ignore'] })
    follow.stdout.pipe(publish.child.stdin)
    try {
      for (let at = 0; at < lines.length; at += 100) {
        await appendFile(log, `${lines.slice(at, at + 100).join('\n')}\n`)
        if (at !== 1_000 && at !== 2_500) continue
        await until('some of it to be on the page', async () => (await count(page)) > at - 100)
        await server.kill('SIGKILL')
        await server.start()
      }
      await until('all lines to be on the page', async () => (await count(page)) >= lines.length, {
        timeoutMs: 120_000,
      })
    } finally {
      follow.kill()
    }
    expect(await page.evaluate(() => (window as unknown as LinesWindow).lines)).toEqual(lines)
    expect(await page.evaluate(() => (window as unknown as LinesWindow).gaps)).toEqual([])
    expect(await publish.finish()).toMatchObject({ code: 0, stdout: '' })
  }, 240_000)
})

/** Opens the browser's own EventSource in the page; what it does after a cut is its own business. */
async function listen(page: Page, topic: string): Promise<void> {
  await page.evaluate((name) => {
    const kept = window as unknown as LinesWindow
    kept.lines = []
    kept.gaps = []
    const source = new EventSource(`/events?topic=${name}`)
    source.onmessage = ({ data }) => kept.lines.push(data)
    source.addEventListener('gap', ({ data }) => kept.gaps.push(data))
    return new Promise((resolve) => source.addEventListener('connected', resolve, { once: true }))
  }, topic)
}

function count(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as LinesWindow).lines.length)
}
