import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bounds, createSqliteLog, type StoredEvent, StoreRefused } from 'tidings/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'
import { eventsOf } from './load.ts'
import { readStored } from './stored.ts'

/** More by hand: DAMAGE_ROUNDS=1000. */
const rounds = Number(process.env.DAMAGE_ROUNDS ?? 25)
const damagedBytes = 64
/** Large enough that the log has been checkpointed, and small enough that much of it has not. */
const bytes = 5_000

/** What a log says about itself: all that damage could change. */
interface Content {
  readonly floor: Bounds['floor']
  readonly events: readonly StoredEvent[]
  readonly answers: readonly unknown[]
}

let folder: TempFolder
let content: Content

beforeAll(async () => {
  folder = await tempFolder()
  const log = await createSqliteLog({ path: file('unclean', 'live.db') })
  for (let batch = 0; batch < 40; batch++) {
    const keys = Array.from({ length: 20 }, (_, index) => `key-${batch}-${index}`)
    await Promise.all(keys.map((key) => log.append(eventsOf(key, bytes), { idempotencyKey: key })))
    // Some pages have been copied back, some are in the write-ahead log, and some are free again.
    if (batch === 20) await log.trim({ ageMs: Number.MAX_SAFE_INTEGER, events: 800, bytes: 1e9 }, Date.now())
  }
  content = await contentOf(log)
  // Damage to the very last commit cannot be told from one that was cut short: let it be one that nobody misses.
  await log.append(eventsOf('last', bytes))
  copyLog('unclean', 'live.db', 'unclean', 'tidings.db')
  await log.close()
  copyLog('unclean', 'live.db', 'clean', 'tidings.db')
})

afterAll(() => folder[Symbol.asyncDispose]())

describe.each([
  { stop: 'clean', part: '' },
  { stop: 'unclean', part: '' },
  { stop: 'unclean', part: '-wal' },
])('damage in tidings.db$part after a stop that was $stop', ({ stop, part }) => {
  it('is refused, or harms nothing', { timeout: 300_000 }, async () => {
    let refusals = 0
    for (let round = 0; round < rounds; round++) {
      copyLog(stop, 'tidings.db', 'try', `${round}.db`)
      const path = file('try', `${round}.db`)
      const at = damage(`${path}${part}`)
      const opened = await createSqliteLog({ path }).catch((error: unknown) => error)
      if (opened instanceof Error) {
        expect(opened, `damage at ${at}`).toBeInstanceOf(StoreRefused)
        expect(opened.message).toMatch(/is damaged|is not a Tidings database|layout/)
        refusals++
      } else {
        const log = opened as Awaited<ReturnType<typeof createSqliteLog>>
        expect(await contentOf(log), `damage at ${at}`).toEqual(content)
        await log.close()
      }
    }
    expect(refusals).toBeGreaterThan(0)
  })
})

it('what was not damaged is opened, whichever way it was stopped', async () => {
  for (const stop of ['clean', 'unclean']) {
    copyLog(stop, 'tidings.db', 'try', `${stop}.db`)
    const log = await createSqliteLog({ path: file('try', `${stop}.db`) })
    expect(await contentOf(log)).toEqual(content)
    await log.close()
  }
})

it('an event that is damaged while the server runs is never served', async () => {
  copyLog('clean', 'tidings.db', 'try', 'live.db')
  const path = file('try', 'live.db')
  const log = await createSqliteLog({ path })
  const image = readFileSync(path)
  const at = image.indexOf(content.events[5]!.payload.slice(0, 40))
  image.write('forged', at)
  writeFileSync(path, image)
  await expect(readStored(log)).rejects.toMatchObject({ code: 'storage_failed' })
  expect((await log.failed).message).toContain('is damaged')
  await log.close()
})

async function contentOf(log: Awaited<ReturnType<typeof createSqliteLog>>): Promise<Content> {
  const { floor } = await log.bounds()
  const events = (await readStored(log)).filter(({ payload }) => !payload.includes('"last"'))
  const keys = ['key-0-0', 'key-20-7', 'key-39-19']
  const answers = await Promise.all(
    keys.map((key) => log.append(eventsOf(key, bytes), { idempotencyKey: key })),
  )
  return { floor, events, answers }
}

function file(part: string, name: string): string {
  return join(folder.path, `${part}-${name}`)
}

function copyLog(from: string, name: string, to: string, newName: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    const source = file(from, `${name}${suffix}`)
    if (readdirSync(folder.path).includes(`${from}-${name}${suffix}`))
      copyFileSync(source, file(to, `${newName}${suffix}`))
  }
}

function damage(path: string): number {
  const image = readFileSync(path)
  const at = Math.floor(Math.random() * (image.length - damagedBytes))
  crypto.getRandomValues(image.subarray(at, at + damagedBytes))
  writeFileSync(path, image)
  return at
}
