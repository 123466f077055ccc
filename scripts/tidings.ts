import { buildConsoleIfStale } from './build-console.ts'

/** What `npx tidings` runs in the repository: the command line from its sources; for a server, the page at its root up to date. */
const [first = 'serve'] = process.argv.slice(2)
const isServer = first === 'serve' || (first.startsWith('-') && !/^(-h|--help|-V|--version)$/.test(first))
if (isServer) await buildConsoleIfStale()
await import('../packages/server/src/cli/main.ts')
