import { styleText } from 'node:util'
import type { Command } from 'commander'
import { resolveIssuers } from '../auth/token/issuers.ts'
import { ConfigError } from '../config/config-error.ts'
import { parseDuration } from '../config/quantity.ts'
import { readCertificate } from '../http/certificate.ts'
import { CliError } from './cli-error.ts'
import { checkConfiguration } from './doctor/configuration.ts'
import { gatherFacts } from './doctor/facts.ts'
import { type Finding, fail, type Level } from './doctor/finding.ts'
import { checkServer } from './doctor/server.ts'
import { exitCode } from './exit-code.ts'
import { type AddressOptions, addUrlOption, readServerAddress } from './server-address.ts'
import { addSettingsOptions, readServerSettings, type SettingsOptions } from './server-settings.ts'
import { write } from './terminal.ts'

const examples = `
Looks at the configuration that it finds here, as "tidings serve" would, and at the server of --url or TIDINGS_URL,
with whatever stands in front of it. Says what to mend. Ends with 0 if nothing must be mended.

Examples:
  $ tidings doctor                                 # the configuration, and the server on this machine
  $ tidings doctor --url https://push.example      # from outside, through the proxy
  $ tidings doctor --only server --wait 20s        # and watch a stream until its heartbeat
  $ TIDINGS_KEY=$(tidings token --user me) tidings doctor --only server`

/** For how long a heartbeat is waited for at most, in milliseconds. */
const longestWaitMs = 600_000

interface Options extends SettingsOptions, AddressOptions {
  readonly only?: 'configuration' | 'server'
  readonly wait?: string
  readonly json?: true
}

/** Gives the verb its flags. */
export function define(command: Command): void {
  addUrlOption(command)
    .description('Check a configuration and a running server, and say what to mend.')
    .option('--only <part>', '"configuration" or "server"')
    .option('--wait <duration>', 'also watch a quiet stream for so long: does its heartbeat come?')
    .option('--json', 'a JSON object for each finding, one a line')
    .addHelpText('after', examples)
    .action(examine)
  addSettingsOptions(command)
}

async function examine({ only, wait = '0', json, ...options }: Options): Promise<void> {
  if (only !== undefined && only !== 'configuration' && only !== 'server') {
    throw new CliError(exitCode.usage, `--only ${only} is not known; give configuration or server`)
  }
  const waitMs = parseDuration(wait)
  if (waitMs === undefined || waitMs > longestWaitMs) {
    throw new CliError(exitCode.usage, `--wait ${wait} is not a duration up to 10m; give one such as 20s`)
  }
  const findings = [
    ...(only === 'server' ? [] : await examineConfiguration(options)),
    ...(only === 'configuration' ? [] : await checkServer(readServerAddress(options), waitMs)),
  ]
  await write(process.stdout, findings.map(json ? (one) => `${JSON.stringify(one)}\n` : lineOf).join(''))
  const failures = findings.filter(({ level }) => level === 'fail').length
  if (failures > 0) {
    throw new CliError(exitCode.failed, `${failures} of ${findings.length} findings must be mended`)
  }
}

async function examineConfiguration(options: SettingsOptions): Promise<Finding[]> {
  const mistakes: Finding[] = []
  /** What the server would refuse to start with is a finding here, and the others are still looked for. */
  const attempt = async <Value>(read: () => Value | Promise<Value>): Promise<Value | undefined> => {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      mistakes.push(
        ...error.problems.map(({ key, source, remedy }) => fail('settings', `${key} (${source}) ${remedy}`)),
      )
    }
  }
  const settings = await attempt(() => readServerSettings(options))
  if (settings === undefined) return mistakes
  await attempt(() => resolveIssuers(settings))
  const certificate = settings.tlsCert === '' ? undefined : await attempt(() => readCertificate(settings))
  return [...mistakes, ...checkConfiguration(settings, await gatherFacts(settings, certificate))]
}

const styles = { ok: 'green', warn: 'yellow', fail: 'red' } as const satisfies Record<Level, string>

function lineOf({ level, check, text }: Finding): string {
  const mark = styleText(styles[level], level.padEnd(4), { stream: process.stdout })
  return `${mark}  ${check.padEnd(12)} ${text}\n`
}
