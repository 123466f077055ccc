import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { logContract } from '@tidings/conformance'
import { TopicSet } from '@tidings/protocol'
import { expect, it } from 'vitest'
import { until } from '../../../../../tests/support/until.ts'
import { Channel, type ChannelEnd } from '../../channel/channel.ts'
import type { EventLog } from '../event-log.ts'
import { createMemoryLog } from '../memory/memory-log.ts'
import { LogOwner } from './log-owner.ts'
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

/** The two ends of a channel within this process. */
function openPair(): { readonly near: Channel; readonly far: Channel; close(): void } {
  const { port1, port2 } = new MessageChannel()
  return { near: new Channel(endOf(port1)), far: new Channel(endOf(port2)), close: () => port1.close() }
}

function endOf(port: MessagePort): ChannelEnd {
  return {
    connected: true,
    send(message, _handle, _options, onSent) {
      port.postMessage(message)
      setImmediate(onSent, null)
      return true
    },
    on(event: 'message' | 'disconnect', listener: (message: unknown) => void) {
      port.on(event === 'message' ? 'message' : 'close', listener)
    },
  }
}

it('misses nothing that is stored while it opens, and shows nothing twice', async () => {
  const owned = createMemoryLog()
  const owner = await LogOwner.open(owned)
  let isBusy = true
  const appendOn = () => {
    if (!isBusy) return
    void owned.append([{ topic: 'a', type: 'message', format: 'text', payload: 'x' }])
    setImmediate(appendOn)
  }
  appendOn()
  for (let round = 0; round < 30; round++) {
    const { near, far, close } = openPair()
    owner.serve(far, () => {})
    const log = await openWorkerLog(near)
    const seen: number[] = []
    const { head } = await log.tail(({ events }) => seen.push(...events.map(({ seq }) => seq)))
    const { head: later } = await log.bounds()
    await until('events after it', () => (seen.at(-1) ?? 0) >= Math.max(later.seq, head.seq + 3))
    expect(seen).toEqual(seen.map((_, index) => head.seq + 1 + index))
    await log.close()
    close()
  }
  isBusy = false
  owner.close()
  await owned.close()
})

it('takes a commit that is larger than what may wait for a worker', async () => {
  const owned = createMemoryLog()
  const owner = await LogOwner.open(owned)
  const { near, far, close } = openPair()
  let isStuck = false
  owner.serve(far, () => {
    isStuck = true
  })
  const log = await openWorkerLog(near)
  let seen = 0
  await log.tail(({ events }) => {
    seen += events.length
  })
  const large = { topic: 'a', type: 'message', format: 'text', payload: 'x'.repeat(1024 * 1024) } as const
  await owned.append(Array(40).fill(large))
  await until('all of it', () => isStuck || seen === 40)
  expect(isStuck).toBe(false)
  await log.close()
  close()
  owner.close()
  await owned.close()
})

it('fails when the process that owns the log dies, and says that nobody knows what was stored', async () => {
  const folder = newFolder()
  const { log, child, end } = await openOwned(join(folder, 'tidings.db'))
  await log.append([{ topic: 'a', type: 'message', format: 'text', payload: 'kept' }])
  child.kill('SIGSTOP')
  const asked = Promise.allSettled([
    log.append([{ topic: 'a', type: 'message', format: 'text', payload: 'perhaps' }]),
    log.bounds(),
  ])
  child.kill('SIGKILL')
  for (const outcome of await asked) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'storage_failed' } })
  }
  expect((await log.failed).message).toContain('has ended')
  const selection = { topics: new TopicSet(['a']) }
  await expect(log.read({ selection, after: 0, limit: 1 })).rejects.toMatchObject({ code: 'storage_failed' })
  await expect(log.bounds()).rejects.toMatchObject({ code: 'storage_failed' })
  await end()
  rmSync(folder, { recursive: true })
})
