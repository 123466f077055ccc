import { expect, test } from 'vitest'
import { Latencies } from './latencies.ts'

test('quantiles are exact, in milliseconds', () => {
  const latencies = new Latencies()
  for (let micros = 10_000; micros > 0; micros--) latencies.add(micros)
  expect(latencies.count).toBe(10_000)
  expect(latencies.quantileMs(0.5)).toBe(5)
  expect(latencies.quantileMs(0.99)).toBe(9.9)
  expect(latencies.quantileMs(1)).toBe(10)
  expect(latencies.maxMs).toBe(10)
})

test('without samples there is no quantile', () => {
  const latencies = new Latencies()
  latencies.add(1)
  latencies.clear()
  expect(latencies.quantileMs(0.5)).toBeNaN()
})
