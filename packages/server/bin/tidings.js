#!/usr/bin/env node
// Plain JavaScript that every Node can read: npm links commands before anything is built, and an old Node is told here that
// it is too old, instead of ending with a `SyntaxError` or over a name that it does not have.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`tidings: needs Node 22.18 or newer, and this is Node ${process.versions.node}\n`)
  process.exit(1)
}

// What is published has no sources. In the repository Tidings runs from them, so that nothing has to be built first.
const isRepository = existsSync(new URL('../src', import.meta.url))
if (isRepository) {
  const program = fileURLToPath(new URL('../../../scripts/tidings.ts', import.meta.url))
  const args = ['--conditions=tidings-source', program, ...process.argv.slice(2)]
  process.execve(process.execPath, [process.execPath, ...args])
} else {
  await import('../dist/cli/main.js')
}
