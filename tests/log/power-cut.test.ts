import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseCursor } from '@tidings/protocol'
import { createSqliteLog } from 'tidings/log'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { requireRoot } from '../support/programs.ts'
import { SmallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'
import type { Load } from './load.ts'
import { LoadProcess } from './load-process.ts'
import { type Acknowledged, expectStored } from './stored.ts'

const cuts = 8
const bytes = 500

afterEach(() => vi.unstubAllEnvs())

describe.skipIf(!requireRoot('mounting a small disk'))('after a power cut', () => {
  it('every acknowledged event is there, at whatever instant it came', async () => {
    await using disk = await SmallDisk.inFile(64)
    await using load = await startOn(disk, 'fsync')
    for (let cut = 0; cut < cuts; cut++) {
      const acknowledged = await stopSomewhere(load)
      {
        await using found = await disk.afterPowerCut()
        await expectStored(join(found.path, 'tidings.db'), acknowledged, bytes)
      }
      process.kill(load.pid, 'SIGCONT')
    }
  })

  it('without fsync events may be lost, and then the history is another one', async () => {
    await using disk = await SmallDisk.inFile(64)
    await using load = await startOn(disk, 'os-buffer')
    const acknowledged = await stopSomewhere(load)
    await using found = await disk.afterPowerCut()
    vi.stubEnv('TIDINGS_BOOT_ID', 'after the power cut')
    const log = await createSqliteLog({ path: join(found.path, 'tidings.db'), durability: 'os-buffer' })
    const cursors = [...acknowledged.values()].flat().map((id) => parseCursor(id)!)
    // Were nothing lost here, the test above would show nothing either: its image would not be that of a power cut.
    expect((await log.bounds()).head.seq).toBeLessThan(cursors.length)
    for (const cursor of [cursors[0]!, cursors.at(-1)!]) expect(await log.stand(cursor)).toBe('epoch')
    await log.close()
  })
})

function startOn(disk: SmallDisk, durability: Load['durability'] & string): Promise<LoadProcess> {
  return LoadProcess.start({
    path: join(disk.path, 'tidings.db'),
    name: durability,
    callers: 8,
    bytes,
    durability,
  })
}

/** Stops the process in the middle of its work; resolves with what it had acknowledged. */
async function stopSomewhere(load: LoadProcess): Promise<Acknowledged> {
  await load.reportedMore('acknowledged', 100 + Math.floor(Math.random() * 400))
  process.kill(load.pid, 'SIGSTOP')
  // A thread that is in the midst of a write or a flush stops only after it: a copy made meanwhile would be of no instant.
  await until('every thread to stand still', () => areThreadsStopped(load.pid))
  return new Map(load.all('acknowledged').map(({ key, ids }) => [key, ids]))
}

async function areThreadsStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`)
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
  )
  // The state follows the name, which stands in parentheses and may hold anything.
  return states.every((state) => state.slice(state.lastIndexOf(')') + 2).startsWith('T'))
}
