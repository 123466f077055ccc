import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tidings } from '../cli/cli-process.ts'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'

type Chromium = Awaited<ReturnType<typeof launchChromium>>

describe.skipIf(isChromiumMissing)('the snippet for pages in docs/security.md, word for word', () => {
  let browser: Chromium

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  it('shows each notification once, over tokens that end, connections that break, and to the end of its rights', async () => {
    const settings = { dev: 'off', maxConnectionAgeMs: 700, retryMs: 50 } as const
    await using server = await ServerProcess.start({ settings })
    const grants = ['--notify', 'user/*', '--admin', 'user/*']
    const made = await tidings(['keys', 'create', '--name', 'backend', ...grants, '--data', server.data])
    const headers = { authorization: `Bearer ${made.stdout.trim()}`, 'content-type': 'application/json' }
    const post = async (path: string, body: object) => {
      const answer = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }

    const page = await (await browser.newContext()).newPage()
    await page.goto(`http://localhost:${server.port}/`)
    let tokens = 0
    let shown: unknown[] = []
    await page.exposeFunction('getToken', async () => {
      tokens += 1
      return (await post('/api/tokens', { user: 'alice', ttl: '2s' })).body.token
    })
    await page.exposeFunction('show', ({ title }: { title: string }) => {
      shown = [...shown, title]
    })
    await page.evaluate(`(() => { ${await snippet()}; void follow('alice', getToken, show) })()`)
    await until('the first token', async () => tokens > 0)

    const titles: string[] = []
    let renewals = Number.POSITIVE_INFINITY
    await until('the third token since the first was shown', async () => {
      const title = String(titles.length)
      const { status } = await post('/api/notifications/alice', { type: 'info', title, message: 'A message' })
      expect(status).toBe(201)
      titles.push(title)
      if (shown.length > 0) renewals = Math.min(renewals, tokens)
      return tokens >= renewals + 2
    })
    // What was sent before the page first listened is not for it.
    await until('the last one', async () => shown.at(-1) === titles.at(-1))
    expect(shown).toEqual(titles.slice(-shown.length))

    await until('her streams to be ended', async () => {
      const { body } = await post('/api/admin/revoke', { user: 'alice' })
      return Number(body.ended) > 0
    })
    const before = tokens
    const pause = 3_000
    const since = Date.now()
    await until('the time in which it would have come back', async () => Date.now() - since > pause)
    expect(tokens).toBe(before)
    await page.context().close()
  })
})

async function snippet(): Promise<string> {
  const page = await readFile(new URL('../../docs/security.md', import.meta.url), 'utf8')
  const [, code] = /```js\n(async function follow[\s\S]*?)```/.exec(page) ?? []
  expect(code).toBeDefined()
  return code!
}
