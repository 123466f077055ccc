import { defineConfig } from 'vitest/config'

const resolve = { conditions: ['tidings-source'] }
const ssr = { resolve: { conditions: ['tidings-source'] } }

export default defineConfig({
  test: {
    reporters: ['default', './tests/support/summary-reporter.ts'],
    projects: [
      {
        resolve,
        ssr,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.{ts,tsx}', 'benchmarks/src/**/*.test.ts'] },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'system',
          include: ['tests/**/*.test.{ts,tsx}', 'examples/*/*.test.ts'],
          // Whole processes, disks and browsers: two at a time is what a 2-core machine carries.
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
