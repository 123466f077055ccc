import { styleText } from 'node:util'
import type { Settings } from '../config/settings.ts'
import type { RunningServer } from '../server.ts'
import { readVersion } from './version.ts'

const modes = {
  dev: 'dev: everybody on this machine may do everything (for production, see docs/security.md)',
  production: 'production: everybody shows a key or a token',
} as const

/** What a person at a terminal sees when the server is up: where it is, and what to try first. */
export function bannerOf(
  { url, mode }: Pick<RunningServer, 'url' | 'mode'>,
  { store, data, durability }: Settings,
): string {
  const style = (format: 'bold' | 'dim' | 'cyan', text: string) =>
    styleText(format, text, { stream: process.stdout })
  const file = store === '' ? `sqlite:${data}/tidings.db` : store
  const kept = file === 'memory:' ? 'memory, lost when the server stops' : `${file} (${durability})`
  const example = `curl -X POST '${url}/api/events' -H 'Content-Type: application/json' \\
             -d '{"topic":"broadcast","type":"greeting","data":"hello"}'`
  const rows = [
    ['open', style('cyan', url)],
    ['mode', modes[mode]],
    ['store', kept],
    ['listen', `curl -N ${url}/events`],
    ['publish', example],
    ['stop', 'Ctrl-C'],
  ] as const
  const lines = rows.map(([name, text]) => `    ${style('dim', name.padEnd(8))} ${text}`)
  return `\n  ${style('bold', 'Tidings')} ${readVersion()} is up.\n\n${lines.join('\n')}\n\n`
}
