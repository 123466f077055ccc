import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'
import type { Load } from './load.ts'
import { LoadProcess } from './load-process.ts'

const cases: readonly {
  readonly durability: Load['durability'] & string
  readonly end: NodeJS.Signals
  readonly boot: string
  readonly epoch: 'the same' | 'another'
}[] = [
  { durability: 'os-buffer', end: 'SIGKILL', boot: 'second', epoch: 'another' },
  { durability: 'os-buffer', end: 'SIGKILL', boot: 'first', epoch: 'the same' },
  { durability: 'os-buffer', end: 'SIGTERM', boot: 'second', epoch: 'the same' },
  { durability: 'fsync', end: 'SIGKILL', boot: 'second', epoch: 'the same' },
]

it.each(cases)(
  'written with $durability, ended by $end, opened in the $boot boot: $epoch epoch',
  async ({ durability, end, boot, epoch }) => {
    await using folder = await tempFolder()
    const load: Load = {
      path: join(folder.path, 'tidings.db'),
      name: 'load',
      callers: 2,
      bytes: 100,
      durability,
    }
    await using first = await LoadProcess.start(load, { TIDINGS_BOOT_ID: 'first' })
    await first.reported('acknowledged', 20)
    await first.end(end)
    await using second = await LoadProcess.start(load, { TIDINGS_BOOT_ID: boot })
    const [before, after] = [first.all('opened')[0]!, second.all('opened')[0]!]
    expect(after.epoch === before.epoch).toBe(epoch === 'the same')
    expect(after.head).toBeGreaterThanOrEqual(20)
  },
)
