import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('without options everything runs three times, and is saved', () => {
  expect(readOptions([])).toEqual({
    cases: [],
    servers: [],
    rounds: 3,
    isQuick: false,
    isProfiling: false,
    isSaving: true,
  })
})

test('a part of a run is not saved over a whole one, unless that is wanted', () => {
  expect(readOptions(['--case', 'fanout', '--server', 'tidings,nchan'])).toMatchObject({
    cases: ['fanout'],
    servers: ['tidings', 'nchan'],
    isSaving: false,
  })
  expect(readOptions(['--quick', '--save'])).toMatchObject({ rounds: 1, isSaving: true })
})

test('what cannot be meant is refused', () => {
  expect(() => readOptions(['--rounds', '0'])).toThrow('--rounds')
  expect(() => readOptions(['--round', '3'])).toThrow()
})
