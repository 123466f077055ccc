import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { syncCalls, Tracer } from '../support/tracer.ts'
import { LoadProcess } from './load-process.ts'
import { expectStored } from './stored.ts'

const strace = requireProgram('strace')
const bytes = 300

describe.skipIf(strace === undefined)('when fsync fails', () => {
  it.each([1, 2, 7])(
    'at call %i from now, the log fails at once and acknowledges nothing after it',
    async (call) => {
      await using folder = await tempFolder()
      const path = join(folder.path, 'tidings.db')
      await using load = await LoadProcess.start({ path, name: 'first', callers: 4, bytes })
      await load.reported('acknowledged', 50)
      await using tracer = await Tracer.attach(strace!, load.pid, `${syncCalls}:error=EIO:when=${call}+`)
      expect(await load.ended).toBe(1)
      const [failed] = load.all('failed')
      expect(failed!.message).toContain('disk I/O error')
      const injected = tracer.output.match(/EIO .*\(INJECTED\)/g) ?? []
      expect(injected.length, 'nothing is tried on a disk that failed').toBeLessThanOrEqual(3)
      const afterwards = load.reports.slice(load.reports.indexOf(failed!))
      expect(afterwards.filter(({ kind }) => kind === 'acknowledged')).toEqual([])
      for (const { code, at } of load.all('refused')) {
        expect(code).toBe('storage_failed')
        expect(Math.abs(at - failed!.at)).toBeLessThan(10_000)
      }
      expect(failed!.at - load.all('acknowledged').at(-1)!.at).toBeLessThan(10_000)
      await expectStored(path, answersOf(load), bytes)
    },
  )
})

describe.skipIf(strace === undefined)('when fsync is slow', () => {
  it('more is taken into one commit, and the main thread does not stand still', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'tidings.db')
    await using load = await LoadProcess.start({ path, name: 'slow', callers: 32, bytes })
    await using _ = await Tracer.attach(strace!, load.pid, `${syncCalls}:delay_enter=600000`)
    const before = load.reports.length
    await load.reportedMore('acknowledged', 200)
    const since = load.reports.slice(before)
    const commits = since.filter((report) => report.kind === 'shown').map(({ events }) => events)
    // 32 callers of one to four events each: what gathers in 600 ms is all of them.
    expect(Math.max(...commits)).toBeGreaterThanOrEqual(32)
    const lags = since.filter((report) => report.kind === 'pulse').map(({ lagMs }) => lagMs)
    expect(lags.length).toBeGreaterThan(5)
    expect(median(lags), `${lags}`).toBeLessThan(300)
    await load.end('SIGKILL')
    await expectStored(path, answersOf(load), bytes)
  })
})

describe.skipIf(strace === undefined)('when the disk is read-only for a while', () => {
  it('appends are refused as storage_full, and succeed later', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'tidings.db')
    await using load = await LoadProcess.start({ path, name: 'read-only', callers: 4, bytes })
    await load.reported('acknowledged', 20)
    {
      const calls = 'pwrite64,pwritev,access,faccessat,faccessat2'
      await using _ = await Tracer.attach(strace!, load.pid, `${calls}:error=EROFS`)
      await load.reportedMore('refused', 10)
      expect(new Set(load.all('refused').map(({ code }) => code))).toEqual(new Set(['storage_full']))
    }
    await load.reportedMore('acknowledged', 20)
    expect(await load.end('SIGTERM')).toBe(0)
    expect(load.all('failed')).toEqual([])
    await expectStored(path, answersOf(load), bytes)
  })
})

function answersOf(load: LoadProcess): Map<string, readonly string[]> {
  return new Map(load.all('acknowledged').map(({ key, ids }) => [key, ids]))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
