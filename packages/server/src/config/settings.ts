import { ConfigError, type ConfigProblem } from './config-error.ts'
import { checkExposure } from './exposure.ts'
import { nearestName } from './nearest-name.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, type Settings, settingKeys, settingTable } from './setting-table.ts'
import { checkTlsPair } from './tls-pair.ts'

export type { SettingKey, Settings } from './setting-table.ts'

/** A value that somebody gave for a setting, not checked yet. */
export interface GivenValue {
  /** The name of the setting, as a key of {@link Settings}; perhaps unknown. */
  readonly key: string
  readonly value: unknown
  /** Where it comes from, e.g. `flag --port`. */
  readonly source: string
  /** How a known setting is spelled there, to name the nearest to an unknown one. */
  spell(key: SettingKey): string
  /** The unknown name as it was spelled there; the key, if absent. */
  readonly spelled?: string
}

/**
 * Settings from the options of the library, checked like those of the server. Durations and sizes may also be
 * text with a unit, e.g. `'15s'`.
 * @throws ConfigError listing everything that is wrong.
 */
export function resolveSettings(
  options: { readonly [Key in SettingKey]?: Settings[Key] | undefined },
): Settings {
  const given = Object.entries(options).flatMap(([key, value]): GivenValue[] =>
    value === undefined ? [] : [{ key, value, source: 'option', spell: (key) => key }],
  )
  return settle(given)
}

/**
 * Checks all given values and lets the later ones win over the earlier.
 * @param earlier problems found before, to be reported together.
 * @throws ConfigError listing everything that is wrong.
 */
export function settle(given: readonly GivenValue[], earlier: readonly ConfigProblem[] = []): Settings {
  const problems = [...earlier]
  const values: Record<string, unknown> = {}
  for (const key of settingKeys) values[key] = settingTable[key].default
  for (const one of given) {
    try {
      values[one.key] = readValue(one)
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      problems.push(error.problem)
    }
  }
  const settings = values as Settings
  const exposure = checkExposure(settings)
  if (exposure !== undefined) problems.push(exposure)
  const tls = checkTlsPair(settings)
  if (tls !== undefined) problems.push(tls)
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(settings)
}

class Mistake extends Error {
  readonly problem: ConfigProblem

  constructor(problem: ConfigProblem) {
    super(problem.remedy)
    this.problem = problem
  }
}

function readValue({ key, value, source, spell, spelled }: GivenValue): unknown {
  if (!Object.hasOwn(settingTable, key)) {
    const nearest = nearestName(spelled ?? key, settingKeys.map(spell))
    const hint =
      nearest === undefined
        ? 'docs/configuration.md and tidings serve --help list them all'
        : `the nearest is ${nearest}`
    throw new Mistake({ key: spelled ?? key, source, remedy: `is not a setting; ${hint}` })
  }
  const setting: Setting<unknown> = settingTable[key as SettingKey]
  if (setting.isSecret && source.startsWith('flag')) {
    const remedy =
      'is a secret, and everybody on this machine can read flags; use the environment or the file'
    throw new Mistake({ key, source, remedy })
  }
  try {
    return setting.read(value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    if (setting.isSecret) throw new Mistake({ key, source, remedy: error.message })
    // Up to the last @: it is the passwords with a slash of their own that make an address a bad one.
    const shown = (JSON.stringify(value) ?? String(value)).replace(/:(\/*).*@/, ':$1…@').slice(0, 80)
    throw new Mistake({ key, source, remedy: `is ${shown}, which ${error.message}` })
  }
}

/** What holds when nobody says anything. */
export const defaultSettings: Settings = settle([])
