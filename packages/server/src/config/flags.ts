import { settingKeys } from './setting-table.ts'
import type { GivenValue } from './settings.ts'

/** The flag of a setting: `heartbeatMs` is `--heartbeat-ms`. */
export function flagName(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** The settings given by flags, and the flags that there are not. */
export interface Flags {
  /** By the name of the setting. */
  readonly values: Readonly<Record<string, string>>
  /** As typed, e.g. `--prot`. */
  readonly unknown?: readonly string[]
}

/** What the flags say. */
export function readFlags({ values, unknown = [] }: Flags): GivenValue[] {
  const known = Object.entries(values).map(([key, value]): GivenValue => {
    return { key, value, source: `flag ${flagName(key)}`, spell: flagName }
  })
  const others = unknown.map((flag): GivenValue => {
    // Secrets have no flags: whoever gives one is told why, rather than that there is no such setting.
    const secret = settingKeys.find((key) => flagName(key) === flag)
    if (secret !== undefined)
      return { key: secret, value: undefined, source: `flag ${flag}`, spell: flagName }
    // No setting has a dash in its key, so that a flag never passes for one.
    return { key: flag, spelled: flag, value: undefined, source: 'flag', spell: flagName }
  })
  return [...known, ...others]
}
