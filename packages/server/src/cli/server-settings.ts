import type { Command } from 'commander'
import { loadSettings } from '../config/load-settings.ts'
import type { Settings } from '../config/settings.ts'

/** Flags of the verbs that work on what a server keeps rather than over the network. */
export interface SettingsOptions {
  readonly data?: string
  readonly store?: string
  readonly config?: string
}

/** Gives a verb the flags that find what the server keeps. */
export function addSettingsOptions(command: Command): Command {
  return command
    .option('--data <folder>', 'the data folder of the server (environment TIDINGS_DATA; default ./.tidings)')
    .option('--store <store>', 'the store of the server, if it is a Redis (environment TIDINGS_STORE)')
    .option(
      '--config <file>',
      'the file with settings of the server (default tidings.config.json, if it exists)',
    )
}

/**
 * The settings of the server that runs here, found as it finds them itself.
 * @throws ConfigError
 */
export function readServerSettings({ data, store, config }: SettingsOptions): Settings {
  const values = { ...(data !== undefined && { data }), ...(store !== undefined && { store }) }
  return loadSettings({
    flags: { values },
    environment: process.env,
    folder: process.cwd(),
    configFile: config,
  })
}
