import { expect, test } from 'vitest'
import { machineKind } from './machine.ts'

test('a kind of machine is a short name that a file can bear', () => {
  expect(machineKind({ cpu: 'AMD EPYC', cores: 2 })).toBe('amd-epyc-2-cores')
  expect(machineKind({ cpu: 'Intel(R) Xeon(R) CPU @ 2.20GHz', cores: 8 })).toBe('intel-xeon-cpu-8-cores')
})
