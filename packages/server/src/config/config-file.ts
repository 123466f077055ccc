import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError } from './config-error.ts'
import type { GivenValue } from './settings.ts'

/** The configuration file that is read from the working directory, if it is there. */
const defaultConfigFile = 'tidings.config.json'

/**
 * What the configuration file says: a JSON object with the settings as keys.
 * @param name its path, if somebody named one: then it must exist.
 * @throws ConfigError if it cannot be read or is no JSON object.
 */
export function readConfigFile(folder: string, name: string | undefined): GivenValue[] {
  const file = name ?? defaultConfigFile
  const text = readText(resolve(folder, file), file, name !== undefined)
  if (text === undefined) return []
  const source = `file ${file}`
  return Object.entries(parseObject(text, file)).map(([key, value]) => {
    return { key, value, source, spell: (key) => key }
  })
}

function readText(path: string, file: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !mustExist) return undefined
    throw refusal(
      file,
      code === 'ENOENT' ? 'does not exist; name another file' : `cannot be read: ${message}`,
    )
  }
}

function parseObject(text: string, file: string): object {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw refusal(file, `is not valid JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw refusal(file, 'must hold one JSON object, such as {"port": 3000}')
}

function refusal(file: string, remedy: string): ConfigError {
  return new ConfigError([{ key: 'config', source: `file ${file}`, remedy }])
}
