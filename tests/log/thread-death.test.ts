import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { TopicSet } from '@tidings/protocol'
import { createSqliteLog } from 'tidings/log'
import { expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'
import { within } from '../support/until.ts'
import { eventsOf } from './load.ts'

it.each(['writer', 'reader'])(
  'when its %s thread dies, the log fails, and answers what was under way and all that comes',
  async (name) => {
    await using folder = await tempFolder()
    const threads: Worker[] = []
    const remember = (worker: Worker) => void threads.push(worker)
    process.on('worker', remember)
    const log = await createSqliteLog({ path: join(folder.path, 'tidings.db') })
    process.off('worker', remember)
    await log.append(eventsOf('before', 100))
    // In the order in which they are opened.
    const [writer, reader] = threads
    const underWay = Promise.allSettled([
      ...Array.from({ length: 10 }, (_, index) => log.append(eventsOf(`under way ${index}`, 100))),
      log.read({ selection: { topics: new TopicSet(['**']) }, after: 0, limit: 10 }),
    ])
    await (name === 'writer' ? writer! : reader!).terminate()
    const failure = await within('the failure', 30_000, log.failed)
    expect(failure.message).toContain(`${name} thread ended`)
    for (const answer of await within('answers', 30_000, underWay)) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'storage_failed' })
    }
    await expect(log.append(eventsOf('after', 100))).rejects.toMatchObject({ code: 'storage_failed' })
    await expect(log.stand((await log.bounds()).head)).rejects.toMatchObject({ code: 'storage_failed' })
    await within('closing', 30_000, log.close())
  },
)
