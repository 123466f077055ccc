import { parseCursor } from '@tidings/protocol'
import { expect, it } from 'vitest'
import { AppProcess } from '../../tests/support/app-process.ts'
import { PageSource } from '../../tests/support/page-source.ts'
import { type TempFolder, tempFolder } from '../../tests/support/temp-folder.ts'

const types = ['price-update', 'alert', 'goodbye']

it('prices and alerts arrive by name, each with an id of the log, and a newcomer begins with the last ones', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  using page = new PageSource(`${app.url}/events`, types)
  const [alert] = await page.has(1, 'alert')
  expect(JSON.parse(alert!.data).message).toMatch(/^Unusual volume in [A-Z]+$/)
  const updates = await page.has(6, 'price-update')
  const symbols = updates.slice(0, 3).map(({ data }) => JSON.parse(data).symbol)
  expect(symbols).toEqual(['ACME', 'GLOBEX', 'INITECH'])
  for (const { data } of updates) expect(JSON.parse(data).price).toBeGreaterThan(0)
  const seqs = marketEvents(page).map(({ id }) => parseCursor(id)!.seq)
  expect(seqs).toEqual(seqs.map((_, index) => index + 1))

  using newcomer = new PageSource(`${app.url}/events`, types)
  await newcomer.has(1, 'live')
  expect(marketEvents(newcomer)).toEqual(expect.arrayContaining(marketEvents(page).slice(0, seqs.length)))
})

it('a page that was away gets what happened meanwhile, though nobody else listened', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  using page = new PageSource(`${app.url}/events`, types)
  const seen = (await page.has(3, 'price-update'))[2]!
  page.close()
  using witness = new PageSource(`${app.url}/events`, types)
  await witness.has(9, 'price-update')
  using again = new PageSource(`${app.url}/events`, types, seen.id)
  await again.has(1, 'live')
  const missed = marketEvents(witness).filter(({ id }) => isAfter(id, seen.id))
  expect(missed.length).toBeGreaterThanOrEqual(6)
  expect(marketEvents(again).slice(0, missed.length)).toEqual(missed)
})

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'a page loses nothing when the app ends by %s and starts again: it comes back by itself',
  async (signal) => {
    await using folder = await tempFolder()
    await using app = await start(folder)
    using page = new PageSource(`${app.url}/events`, types)
    await page.has(6, 'price-update')
    const { code } = await app.kill(signal)
    expect(code).toBe(signal === 'SIGTERM' ? 0 : null)
    expect(await page.has(signal === 'SIGTERM' ? 1 : 0, 'goodbye')).toHaveLength(signal === 'SIGTERM' ? 1 : 0)
    const before = marketEvents(page).length
    await app.start()
    await page.has(2, 'connected')
    expect(JSON.parse(page.of('connected')[1]!.data).resumed).toBe(true)
    await page.has(page.of('price-update').length + 3, 'price-update')
    expect(page.of('gap')).toEqual([])
    const cursors = marketEvents(page).map(({ id }) => parseCursor(id)!)
    expect(new Set(cursors.map(({ epoch }) => epoch)).size).toBe(1)
    // Dense from the first to the last: nothing is missing, nothing came twice.
    expect(cursors.map(({ seq }) => seq)).toEqual(cursors.map((_, index) => index + 1))
    expect(cursors.length).toBeGreaterThan(before)
    // The market goes on from its last prices, which move by at most 2 % at a time.
    const acme = page
      .of('price-update')
      .map(({ data }) => JSON.parse(data))
      .filter(({ symbol }) => symbol === 'ACME')
    for (const [index, { price }] of acme.entries()) {
      if (index > 0) expect(Math.abs(price / acme[index - 1].price - 1)).toBeLessThan(0.021)
    }
  },
)

it('its page listens to both by name', async () => {
  await using folder = await tempFolder()
  await using app = await start(folder)
  const page = await (await fetch(app.url)).text()
  expect(page).toContain("addEventListener('price-update'")
  expect(page).toContain("addEventListener('alert'")
})

function start(folder: TempFolder): Promise<AppProcess> {
  return AppProcess.start(import.meta.dirname, { TIDINGS_DATA: folder.path })
}

/** What the market said, in the order in which it came. */
function marketEvents(page: PageSource) {
  return page.events.filter(({ type }) => type === 'price-update' || type === 'alert')
}

function isAfter(id: string, other: string): boolean {
  return parseCursor(id)!.seq > parseCursor(other)!.seq
}
