import { ConfigError, type ConfigProblem } from './config-error.ts'
import { readConfigFile } from './config-file.ts'
import { readEnvironment } from './environment.ts'
import { type Flags, readFlags } from './flags.ts'
import { type GivenValue, type Settings, settle } from './settings.ts'

/** Where settings come from. */
export interface Sources {
  readonly flags: Flags
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The working directory. */
  readonly folder: string
  /** The configuration file, if a flag names one; TIDINGS_CONFIG names one too. */
  readonly configFile?: string | undefined
}

/**
 * The settings of the server. A flag wins over the environment, that over the file, and that over the default.
 * @throws ConfigError listing everything that is wrong in all of them.
 */
export function loadSettings({ flags, environment, folder, configFile }: Sources): Settings {
  const problems: ConfigProblem[] = []
  const fromFile = (): GivenValue[] => {
    try {
      return readConfigFile(folder, configFile ?? (environment.TIDINGS_CONFIG || undefined))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems)
      return []
    }
  }
  return settle([...fromFile(), ...readEnvironment(environment), ...readFlags(flags)], problems)
}
