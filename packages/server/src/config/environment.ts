import { settingKeys } from './setting-table.ts'
import type { GivenValue } from './settings.ts'

/** The environment variable of a setting: `heartbeatMs` is `TIDINGS_HEARTBEAT_MS`. */
export function environmentName(key: string): string {
  return `TIDINGS_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** Variables of ours that are no settings of the server. */
const ours: ReadonlySet<string> = new Set(['TIDINGS_BOOT_ID', 'TIDINGS_CONFIG', 'TIDINGS_KEY', 'TIDINGS_URL'])

/**
 * What the environment says. A variable that is set to nothing counts as absent, as Compose files and CI
 * pass on what is not set.
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): GivenValue[] {
  const keys = new Map(settingKeys.map((key) => [environmentName(key), key]))
  const given: GivenValue[] = []
  const add = (key: string, name: string, value: string) => {
    given.push({ key, value, source: `environment ${name}`, spell: environmentName, spelled: name })
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('TIDINGS_') || ours.has(name)) continue
    if (value === undefined || value === '' || isServiceLink(name, value)) continue
    add(keys.get(name) ?? name, name, value)
  }
  // Hosting platforms set PORT. It is everybody's, so that the more specific name wins.
  const port = environment.PORT
  if (port && !given.some(({ key }) => key === 'port')) add('port', 'PORT', port)
  return given
}

/**
 * Kubernetes describes every service to every container: one named "tidings" brings TIDINGS_SERVICE_HOST,
 * TIDINGS_PORT=tcp://10.0.0.1:3000 and more. None of that is meant for us.
 */
function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_(HOST|PORT(_\w+)?)$/.test(name) || /_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/.test(name)) return true
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)
}
