import type { Command } from 'commander'
import { loadSettings } from '../config/load-settings.ts'
import type { Settings } from '../config/settings.ts'

/** Flags of the verbs that work on a server's data folder rather than over the network. */
export interface FolderOptions {
  readonly data?: string
  readonly config?: string
}

/** Gives a verb the flags that find the data folder. */
export function addFolderOptions(command: Command): Command {
  return command
    .option('--data <folder>', 'the data folder of the server (environment TIDINGS_DATA; default ./.tidings)')
    .option(
      '--config <file>',
      'the file with settings of the server (default tidings.config.json, if it exists)',
    )
}

/**
 * The settings of the server that runs here, found as it finds them itself.
 * @throws ConfigError
 */
export function readServerSettings({ data, config }: FolderOptions): Settings {
  const values: Record<string, string> = data === undefined ? {} : { data }
  return loadSettings({
    flags: { values },
    environment: process.env,
    folder: process.cwd(),
    configFile: config,
  })
}
