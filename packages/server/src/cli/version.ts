import { readFileSync } from 'node:fs'

/** The version of the installed package. */
export function readVersion(): string {
  // As far from src/cli as from dist/cli.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
