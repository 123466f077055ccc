import { expect, test } from 'vitest'
import { atLeast, type Case } from '../cases/case.ts'
import type { Contender } from '../servers/contender.ts'
import { replaceBetweenMarkers, writeSummary } from './readme.ts'
import type { RunResult } from './result.ts'
import { caseTable, targetTable, writeReport } from './table.ts'

const subject: Case = {
  name: 'speed',
  title: 'Speed',
  method: 'As fast as it goes.',
  servers: ['tidings', 'other'],
  columns: [{ key: 'perSecond', title: 'events/s', digits: 0 }],
  ratioOf: 'perSecond',
  headlines: ['perSecond'],
  targets: [
    atLeast(
      'twice the other',
      2,
      (median) => median('tidings', 'perSecond')! / median('other', 'perSecond')!,
    ),
  ],
  run: async () => ({}),
}
const contenders = [
  { name: 'tidings', label: 'Tidings' },
  { name: 'other', label: 'Other' },
] as Contender[]
const catalogue = { cases: [subject], contenders }

function runWith(others: readonly number[]): RunResult {
  return {
    takenAt: '2026-01-02T03:04:05.000Z',
    machine: {
      cpu: 'CPU',
      cores: 2,
      memoryGib: 8,
      kernel: 'Linux',
      node: '24',
      disk: 'ext4',
      isPinned: true,
    },
    isQuick: false,
    rounds: 3,
    versions: { tidings: '1', other: '2' },
    cases: [
      {
        name: 'speed',
        rows: [
          { server: 'tidings', rounds: [{ perSecond: 1900 }, { perSecond: 2000 }, { perSecond: 2100 }] },
          { server: 'other', rounds: others.map((perSecond) => ({ perSecond })) },
        ],
      },
    ],
  }
}

test('a case shows medians, the spread of the rounds and the ratio to Tidings', () => {
  const run = runWith([500, 1000, 1100])
  const lines = caseTable(subject, run.cases[0]!, catalogue).split('\n')
  expect(lines).toContain('| Tidings | 2,000 | 10 | 1 |')
  expect(lines).toContain('| Other | 1,000 | 60 | 0.5 |')
})

test('a target is reached, missed, or cannot be judged', () => {
  expect(targetTable(runWith([1000]), catalogue)).toContain('| Speed | twice the other | 2 | yes |')
  expect(targetTable(runWith([1100]), catalogue)).toContain('| Speed | twice the other | 1.82 | **no** |')
  expect(targetTable(runWith([]), catalogue)).toContain('| Speed | twice the other | – | – |')
})

test('a server that failed is a line of dashes, with its reason below', () => {
  const run = runWith([])
  const failed = { ...run.cases[0]!, rows: [{ server: 'other', rounds: [], failure: 'port in use\nat …' }] }
  const table = caseTable(subject, failed, catalogue)
  expect(table).toContain('| Other | – | – | – |')
  expect(table).toMatch(/\n\nother: port in use$/)
})

test('a report says where it comes from, and that a quick run compares nothing', () => {
  expect(writeReport({ ...runWith([1]), isQuick: true }, catalogue)).toMatch(
    /2026-01-02, CPU, 2 cores.*QUICK/s,
  )
})

test('the summary goes between the markers of the README and nowhere else', () => {
  const summary = writeSummary(runWith([1000]), catalogue)
  expect(summary).toContain('| Tidings | 2,000 |')
  const readme = 'a\n<!-- bench -->\nold\n<!-- /bench -->\nz'
  expect(replaceBetweenMarkers(readme, 'new')).toBe('a\n<!-- bench -->\nnew\n<!-- /bench -->\nz')
  expect(() => replaceBetweenMarkers('a', 'new')).toThrow('<!-- bench -->')
})
