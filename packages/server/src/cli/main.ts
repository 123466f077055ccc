import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// In the user's own folder: /tmp, which Node would take, is everybody's, and what is read from here is run.
// Where there is no such folder nothing is cached, and nothing fails.
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidings')
// The store's threads look here: without it they take half of the time until the server is ready.
process.env.NODE_COMPILE_CACHE ??= cache
enableCompileCache(cache)

const { run } = await import('./program.ts')
const code = await run(process.argv)
// Ends the process even if standard input is still open, but not before the output is written.
process.stdout.write('', () => process.exit(code))
