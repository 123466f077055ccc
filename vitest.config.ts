import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const resolve = { conditions: ['tidings-source'] }
const ssr = { resolve: { conditions: ['tidings-source'] } }

/**
 * A wait ends as soon as what it waits for is there, so that a long one costs nothing; one that is too short fails on a
 * machine that happens to have other work. So all of them are long, and the bound of a test is longer than its waits.
 */
const patience = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 30_000, interval: 10 } },
  // Where nobody can look at the machine, a test is tried twice. What passed only then is listed last: a fault to be found.
  retry: process.env.CI ? 1 : 0,
  setupFiles: ['./tests/support/patience.ts', './tests/support/properties.ts'],
}

/** The programs that tests start, some of them hundreds of times, are compiled once. */
const env = { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) }

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/summary-reporter.ts'],
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.{ts,tsx}', 'benchmarks/src/**/*.test.ts'],
          // One, as vitest would choose where there are two cores, leaves the other idle: many tests wait for a Redis.
          maxWorkers: 2,
          env,
          ...patience,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'system',
          include: ['tests/**/*.test.{ts,tsx}', 'examples/*/*.test.ts'],
          // Whole processes, disks and browsers: two at a time is what a 2-core machine carries.
          maxWorkers: 2,
          env,
          ...patience,
        },
      },
    ],
  },
})
