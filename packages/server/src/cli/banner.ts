import { styleText } from 'node:util'
import type { Mode } from '../auth/authenticator.ts'
import type { Settings } from '../config/settings.ts'
import { readRedisAddress } from '../config/store-address.ts'
import type { Durability } from '../log/event-log.ts'
import { readVersion } from './version.ts'

/** What is said of a server that listens. */
export interface Announced {
  readonly url: string
  readonly mode: Mode
  /** What an acknowledgement is worth. */
  readonly durability: Durability
  /** How many there are, if there are several. */
  readonly workers?: number
}

const modes = {
  dev: 'dev: everybody on this machine may do everything (for production, see docs/security.md)',
  production: 'production: everybody shows a key or a token',
} as const

/** What a person at a terminal sees when the server is up: where it is, and what to try first. */
export function bannerOf({ url, mode, durability, workers }: Announced, settings: Settings): string {
  const style = (format: 'bold' | 'dim' | 'cyan', text: string) =>
    styleText(format, text, { stream: process.stdout })
  const example = `curl -X POST '${url}/api/events' -H 'Content-Type: application/json' \\
             -d '{"topic":"broadcast","type":"greeting","data":"hello"}'`
  const rows = [
    ['open', style('cyan', url)],
    ['mode', modes[mode]],
    ['store', storeOf(settings, durability)],
    ...(workers === undefined ? [] : [['workers', String(workers)] as const]),
    ['listen', `curl -N ${url}/events`],
    ['publish', example],
    ['stop', 'Ctrl-C'],
  ] as const
  const lines = rows.map(([name, text]) => `    ${style('dim', name.padEnd(8))} ${text}`)
  return `\n  ${style('bold', 'Tidings')} ${readVersion()} is up.\n\n${lines.join('\n')}\n\n`
}

/** Where events are kept, without what is secret in its address, and how well. */
function storeOf({ store, data }: Settings, durability: Durability): string {
  if (store === 'memory:') return 'memory, lost when the server stops'
  const place = store === '' ? `sqlite:${data}/tidings.db` : (readRedisAddress(store)?.shown ?? store)
  return `${place} (${durability})`
}
