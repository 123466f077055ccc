import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Publisher } from '../support/publisher.ts'
import { ServerProcess } from '../support/server-process.ts'
import { within } from '../support/until.ts'
import { readLog } from '../support/verdict.ts'

it('a damaged file is refused at the start, or none of its damage reaches anybody', async () => {
  await using server = await ServerProcess.start()
  using publisher = new Publisher({ port: server.port, name: 'publisher' })
  const batch = Array.from({ length: 100 }, () => ({ topic: 'orders', padding: 300 }))
  for (let index = 0; index < 5; index++) await publisher.publish(...batch)
  const before = await readLog(server.url)
  await server.kill('SIGTERM')
  const file = await databaseFile(server.data)
  const sound = await readFile(file)
  let refusals = 0
  for (let round = 0; round < 5; round++) {
    const damaged = Buffer.from(sound)
    // Elsewhere it may hit what nobody uses any more; in the midst of an event it may not go unnoticed.
    const at =
      round === 0 ? sound.indexOf('x'.repeat(100)) : Math.floor(Math.random() * (damaged.length - 64))
    crypto.getRandomValues(damaged.subarray(at, at + 64))
    await writeFile(file, damaged)
    const before_ = server.output.length
    server.launch()
    if (await hasStarted(server)) {
      const after = await readLog(server.url)
      expect(after.events, `64 bytes damaged at ${at}`).toEqual(before.events)
      await server.kill('SIGKILL')
    } else {
      refusals++
      expect((await server.ended).code).toBeGreaterThan(0)
      expect(server.output.slice(before_)).toMatch(/is damaged|is not a Tidings database|layout/)
    }
    for (const leftover of ['-wal', '-shm']) await writeFile(`${file}${leftover}`, '')
  }
  expect(refusals).toBeGreaterThan(0)
})

it('the second server on one folder is refused, and says who holds it', async () => {
  await using first = await ServerProcess.start()
  await using second = await ServerProcess.prepare({ data: first.data })
  second.launch()
  const { code } = await within('the refusal', 60_000, second.ended)
  expect(code).toBeGreaterThan(0)
  expect(second.output).toContain('is in use by another Tidings')
  expect(second.output).toContain(String(first.pid))
  using publisher = new Publisher({ port: first.port, name: 'publisher' })
  expect(await publisher.publish({ topic: 'orders' })).toMatchObject({ kind: 'acknowledged' })
})

/** Whether it became ready; false if it ended instead. */
async function hasStarted(server: ServerProcess): Promise<boolean> {
  const ended = server.ended.then(() => 'ended' as const)
  for (;;) {
    const ready = server.isReady().catch(() => false)
    const first = await Promise.race([ended, ready])
    if (first === 'ended') return false
    if (first) return true
    await new Promise(setImmediate)
  }
}

async function databaseFile(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.db'))
  expect(files).toHaveLength(1)
  const file = join(folder, files[0]!)
  expect((await stat(file)).size).toBeGreaterThan(100_000)
  return file
}
