import { expect, test } from 'vitest'
import { nearestName } from './nearest-name.ts'

const known = ['--store', '--stall-ms', '--port', '--heartbeat-ms']

test.each([
  ['--prot', '--port'],
  ['--PORT', '--port'],
  ['--stall', '--stall-ms'],
  ['--heartbeat', '--heartbeat-ms'],
  ['--umbrella', undefined],
  ['-', undefined],
  ['', undefined],
])('%j was probably meant to be %j', (unknown, name) => {
  expect(nearestName(unknown, known)).toBe(name)
})
