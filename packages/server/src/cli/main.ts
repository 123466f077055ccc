#!/usr/bin/env node
// All of it, by its one name that every Node has: a Node that lacks `enableCompileCache` would else end right here, with a
// `SyntaxError`, instead of being told below that it is too old.
import nodeModule from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`tidings: needs Node 22.18 or newer, and this is Node ${process.versions.node}\n`)
  process.exit(1)
}

// In the user's own folder: /tmp, which Node would take, is everybody's, and what is read from here is run.
// Where there is no such folder nothing is cached, and nothing fails.
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tidings')
// The store's threads look here: without it they take half of the time until the server is ready.
process.env.NODE_COMPILE_CACHE ??= cache
nodeModule.enableCompileCache(cache)

const { run } = await import('./program.ts')
const code = await run(process.argv)
// Ends the process even if standard input is still open, but not before the output is written.
process.stdout.write('', () => process.exit(code))
