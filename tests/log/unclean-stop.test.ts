import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'
import { LoadProcess } from './load-process.ts'
import { expectStored } from './stored.ts'

const rounds = 40
const bytes = 500

it('a process killed in the middle of its commits, forty times over, loses nothing that it acknowledged', {
  timeout: 600_000,
}, async () => {
  await using folder = await tempFolder()
  const path = join(folder.path, 'tidings.db')
  const acknowledged = new Map<string, readonly string[]>()
  let retries: readonly string[] = []
  for (let round = 0; round < rounds; round++) {
    await using load = await LoadProcess.start({ path, name: `round-${round}`, callers: 8, bytes, retries })
    await load.reported('acknowledged', retries.length + 1 + Math.floor(Math.random() * 300))
    await load.end('SIGKILL')
    for (const { key, ids } of load.all('acknowledged')) {
      expect(acknowledged.get(key) ?? ids, `two answers under ${key}`).toEqual(ids)
      acknowledged.set(key, ids)
    }
    retries = load.unanswered()
  }
  expect(acknowledged.size).toBeGreaterThan(rounds)
  await expectStored(path, acknowledged, bytes)
})
