import type { Setting } from './setting.ts'
import { limitSettings } from './table/limit-settings.ts'
import { serverSettings } from './table/server-settings.ts'
import { storeSettings } from './table/store-settings.ts'
import { streamSettings } from './table/stream-settings.ts'
import { tokenSettings } from './table/token-settings.ts'

/**
 * The one table of settings. From it come the type `Settings`, the flags, the environment variables, the keys
 * of the configuration file, their checks, `--help`, and the table in docs/configuration.md.
 */
export const settingTable = Object.freeze({
  ...serverSettings,
  ...tokenSettings,
  ...storeSettings,
  ...streamSettings,
  ...limitSettings,
})

type Table = typeof settingTable

/** The name of a setting. */
export type SettingKey = keyof Table

/** All settings, checked and frozen. Durations are milliseconds, sizes bytes: the name says so. */
export type Settings = {
  readonly [Key in SettingKey]: Table[Key] extends Setting<infer Value> ? Value : never
}

/** The names of all settings, in the order of the table. */
export const settingKeys = Object.freeze(Object.keys(settingTable) as SettingKey[])
