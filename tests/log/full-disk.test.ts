import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { TopicSet } from '@tidings/protocol'
import { createSqliteLog, type EventLog } from 'tidings/log'
import { describe, expect, it } from 'vitest'
import { requireRoot } from '../support/programs.ts'
import { SmallDisk } from '../support/small-disk.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { eventsOf } from './load.ts'
import { expectStored, readStored } from './stored.ts'

const bytes = 20_000
const megabyte = 1024 * 1024

describe.skipIf(!requireRoot('mounting a small disk'))('when the disk is full', () => {
  it('appends are refused, reads go on, and appends succeed once there is room', async () => {
    await using disk = await SmallDisk.inMemory(8)
    const path = join(disk.path, 'tidings.db')
    disk.fill(3 * megabyte)
    const log = await createSqliteLog({ path })
    const acknowledged = new Map<string, readonly string[]>()
    const refused = await appendUntilRefused(log, acknowledged)
    expect(acknowledged.size).toBeGreaterThan(20)
    const stored = (await readStored(log)).length
    for (let attempt = 0; attempt < 20; attempt++) {
      await expect(append(log, refused)).rejects.toMatchObject({ code: 'storage_full' })
    }
    expect((await readStored(log)).length).toBe(stored)
    const selection = { topics: new TopicSet(['load/*']) }
    expect((await log.readBack({ selection, limit: 3 })).events).toHaveLength(3)
    disk.free()
    acknowledged.set(refused, await append(log, refused))
    await log.close()
    await expectStored(path, acknowledged, bytes)
  })

  it('a log can be closed, and is whole when there is room again', async () => {
    await using disk = await SmallDisk.inMemory(8)
    const path = join(disk.path, 'tidings.db')
    disk.fill(3 * megabyte)
    const log = await createSqliteLog({ path })
    const acknowledged = new Map<string, readonly string[]>()
    await appendUntilRefused(log, acknowledged)
    await log.close()
    disk.free()
    await expectStored(path, acknowledged, bytes)
  })

  it('a process that is killed then has lost nothing', async () => {
    await using disk = await SmallDisk.inMemory(8)
    await using elsewhere = await tempFolder()
    disk.fill(3 * megabyte)
    const log = await createSqliteLog({ path: join(disk.path, 'tidings.db') })
    const acknowledged = new Map<string, readonly string[]>()
    for (let attempt = 0; attempt < 20; attempt++) {
      await appendUntilRefused(log, acknowledged, `attempt-${attempt}`)
      // As a kill would leave it, and where there is room again.
      for (const suffix of ['', '-wal']) {
        copyFileSync(join(disk.path, `tidings.db${suffix}`), join(elsewhere.path, `${attempt}.db${suffix}`))
      }
    }
    await log.close()
    for (let attempt = 0; attempt < 20; attempt++) {
      await expectStored(join(elsewhere.path, `${attempt}.db`), acknowledged, bytes)
    }
  })

  it('a log is opened to be read, or refused for want of room', async () => {
    await using disk = await SmallDisk.inMemory(8)
    const path = join(disk.path, 'tidings.db')
    const acknowledged = new Map<string, readonly string[]>()
    const log = await createSqliteLog({ path })
    await appendUntilRefused(log, acknowledged)
    await log.close()
    const again = await createSqliteLog({ path }).catch((error: Error) => error)
    if (again instanceof Error) expect(again.message).toContain('have room')
    else {
      expect((await readStored(again)).length).toBeGreaterThanOrEqual(acknowledged.size)
      await again.close()
    }
  })
})

/** Resolves with the key that was refused. */
async function appendUntilRefused(
  log: EventLog,
  acknowledged: Map<string, readonly string[]>,
  name = 'key',
): Promise<string> {
  for (let count = 0; ; count++) {
    const key = `${name}-${count}`
    try {
      acknowledged.set(key, await append(log, key))
    } catch (error) {
      expect(error).toMatchObject({ code: 'storage_full' })
      return key
    }
  }
}

async function append(log: EventLog, key: string): Promise<string[]> {
  const { cursors } = await log.append(eventsOf(key, bytes), { idempotencyKey: key })
  return cursors.map(({ epoch, seq, tag }) => `${epoch}.${seq.toString(36)}.${tag}`)
}
