import { flushCompileCache } from 'node:module'
import { type Command, Option } from 'commander'
import { flagName } from '../config/flags.ts'
import { loadSettings } from '../config/load-settings.ts'
import { nearestName } from '../config/nearest-name.ts'
import type { Setting } from '../config/setting.ts'
import { type SettingKey, type Settings, settingKeys, settingTable } from '../config/setting-table.ts'
import type { Logger, RunningServer } from '../server.ts'
import { type Announced, bannerOf } from './banner.ts'
import { CliError } from './cli-error.ts'
import { endWithNpm } from './end-with-npm.ts'
import { exitCode } from './exit-code.ts'
import { explainStart } from './start-failure.ts'
import { supervise } from './supervisor.ts'

const examples = `
Durations and sizes have units: 250ms, 15s, 5m, 24h, 7d; 64KiB, 1MiB, 1GiB.
Every flag is also a key of the file and an environment variable: --heartbeat-ms is heartbeatMs and
TIDINGS_HEARTBEAT_MS. Flags win over the environment, that over the file. All of it: docs/configuration.md.

Examples:
  $ tidings serve
  $ tidings serve --port 4000 --data /var/lib/tidings
  $ tidings serve --store memory: --log-level debug
  $ TIDINGS_RETENTION_AGE_MS=7d tidings serve`

/** A proxy on this machine would open dev mode to the world; NODE_ENV is no setting of ours, but says what is meant. */
const openInProduction =
  'NODE_ENV is production, and this is dev mode: whoever reaches the server, through a proxy too, may do everything;' +
  ' make a key with: tidings keys create --name first --admin "**"'

/** Gives the verb its flags: one for each setting. */
export function define(command: Command): void {
  command
    .description('Run the server.')
    // What is unknown is reported together with everything else that is wrong.
    .allowUnknownOption()
    .allowExcessArguments()
    .option('--config <file>', 'a file with settings (default tidings.config.json, if it exists)')
    // As it is written here; otherwise `--dev` would be said to be `preset`.
    .configureHelp({ optionDescription: ({ description }) => description })
    .addHelpText('after', examples)
    .action(serve)
  for (const key of settingKeys) {
    // What is secret has no flag; whoever gives one all the same is told why.
    if (!isSecret(key)) command.addOption(optionOf(key))
  }
}

function isSecret(key: SettingKey): boolean {
  return (settingTable[key] as Setting<unknown>).isSecret === true
}

function optionOf(key: SettingKey): Option {
  const setting: Setting<unknown> = settingTable[key]
  const standard = setting.show(setting.default)
  const words = setting.placeholder === 'word' ? `${setting.allowed}; ` : ''
  const doc = standard === '' ? setting.doc : `${setting.doc} (${words}default ${standard})`
  // `--dev` alone means on.
  const value = key === 'dev' || key === 'demo' ? `[${setting.placeholder}]` : `<${setting.placeholder}>`
  const option = new Option(`${flagName(key)} ${value}`, doc).preset('on')
  if (Array.isArray(setting.default)) {
    option.argParser((value, earlier) => (earlier === undefined ? value : `${earlier},${value}`))
  }
  return option.helpGroup(setting.isLimit ? 'Limits:' : 'Options:')
}

async function serve(options: Readonly<Record<string, string>>, command: Command): Promise<void> {
  const settings = readSettings(options, command.args)
  endWithNpm()
  // A reader of our output that goes away is no reason to stop serving.
  process.stdout.on('error', () => {})
  const announce = (about: Announced, logger: Logger) => {
    if (about.mode === 'dev' && settings.dev === 'auto' && process.env.NODE_ENV === 'production')
      logger.warn(openInProduction)
    if (process.stdout.isTTY) process.stdout.write(bannerOf(about, settings))
    else logger.info(about, 'listening')
    flushCompileCache()
  }
  if (settings.workers > 1) {
    const { serveWorkers } = await import('./workers/serve-workers.ts')
    return serveWorkers(settings, ({ url, mode, durability }, logger) =>
      announce({ url, mode, durability, workers: settings.workers }, logger),
    )
  }
  const server = await start(settings)
  const { url, mode, tidings, logger } = server
  announce({ url, mode, durability: tidings.log.durability }, logger)
  await supervise(server, settings.drainMs)
}

function readSettings(options: Readonly<Record<string, string>>, rest: readonly string[]): Settings {
  const { config, ...values } = options
  const unknown = rest.filter((word) => word.startsWith('-')).map((word) => word.replace(/=.*/, ''))
  const word = rest[0]
  if (unknown.length === 0 && word !== undefined) {
    const nearest = nearestName(word, ['serve', 'publish', 'tail', 'stats', 'keys', 'token', 'doctor'])
    const hint = nearest === undefined ? 'see tidings --help' : `the nearest is ${nearest}`
    throw new CliError(exitCode.usage, `${JSON.stringify(word)} is not a verb; ${hint}`)
  }
  const folder = process.cwd()
  return loadSettings({ flags: { values, unknown }, environment: process.env, folder, configFile: config })
}

async function start(settings: Settings): Promise<RunningServer> {
  const { startServer } = await import('../server.ts')
  try {
    return await startServer(settings)
  } catch (error) {
    throw explainStart(error, settings)
  }
}
