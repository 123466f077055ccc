import { buildConsoleIfStale } from './build-console.ts'

/** What `npm start` runs: `tidings serve` with all arguments passed on, and the page at its root up to date. */
await buildConsoleIfStale()
process.argv.splice(2, 0, 'serve')
await import('../packages/server/src/cli/main.ts')
