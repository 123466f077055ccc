import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logContract } from '@tidings/conformance'
import { TopicSet } from '@tidings/protocol'
import { expect, it } from 'vitest'
import { Channel } from '../../channel/channel.ts'
import type { EventLog } from '../event-log.ts'
import { openWorkerLog } from './worker-log.ts'

const owner = fileURLToPath(new URL('./test-owner.ts', import.meta.url))

/** A log in a file that a process of its own owns. */
async function openOwned(
  path: string,
  options: object = {},
): Promise<{ readonly log: EventLog; readonly child: ChildProcess; end(): Promise<void> }> {
  const child = fork(owner, [path, JSON.stringify(options)], {
    serialization: 'advanced',
    execArgv: ['--conditions=tidings-source', '--disable-warning=ExperimentalWarning'],
  })
  const ended = once(child, 'exit')
  const channel = new Channel(child)
  await new Promise<void>((resolve) => channel.hear('ready', () => resolve()))
  const log = await openWorkerLog(channel)
  const end = async () => {
    await log.close()
    if (child.connected) child.disconnect()
    await ended
  }
  return { log, child, end }
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'tidings-worker-log-'))
}

logContract('worker', async (options) => {
  const folder = newFolder()
  const open = () => openOwned(join(folder, 'tidings.db'), options)
  let latest = await open()
  return {
    log: latest.log,
    async reopen() {
      await latest.end()
      latest = await open()
      return latest.log
    },
    async clean() {
      await latest.end()
      rmSync(folder, { recursive: true })
    },
  }
})

it('fails when the process that owns the log dies, and says that nobody knows what was stored', async () => {
  const folder = newFolder()
  const { log, child, end } = await openOwned(join(folder, 'tidings.db'))
  await log.append([{ topic: 'a', type: 'message', format: 'text', payload: 'kept' }])
  child.kill('SIGSTOP')
  const appending = log.append([{ topic: 'a', type: 'message', format: 'text', payload: 'perhaps' }])
  child.kill('SIGKILL')
  await expect(appending).rejects.toMatchObject({ code: 'storage_failed' })
  expect((await log.failed).message).toContain('has ended')
  const selection = { topics: new TopicSet(['a']) }
  await expect(log.read({ selection, after: 0, limit: 1 })).rejects.toMatchObject({ code: 'storage_failed' })
  await end()
  rmSync(folder, { recursive: true })
})
