import { checkPattern, userTopic } from '@tidings/protocol'
import type { Command } from 'commander'
import { OwnTokens } from '../auth/token/own-tokens.ts'
import { formatDuration, parseDuration } from '../config/quantity.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import { checked } from './option.ts'
import { addSettingsOptions, readServerSettings, type SettingsOptions } from './server-settings.ts'
import { write } from './terminal.ts'
import { withCredentials } from './with-credentials.ts'

const examples = `
The user may read user/<user> and broadcast, and what --subscribe adds. A server on the same data folder, or Redis,
believes the token; one that runs in production mode needs no other setting for it.

Examples:
  $ tidings token --user alice
  $ tidings token --user alice --subscribe 'orders/*' --ttl 15m
  $ TIDINGS_KEY=$(tidings token --user alice) tidings tail user/alice`

interface Options extends SettingsOptions {
  readonly user: string
  readonly subscribe?: readonly string[]
  readonly publish?: readonly string[]
  readonly ttl?: string
}

/** Gives the verb its flags. */
export function define(command: Command): void {
  command
    .description('Make a token for a user, signed by the server of this data folder or store.')
    .requiredOption('--user <user>', 'whose token it is')
    .option('--subscribe <pattern>', 'what the user may read besides (again for more)', collect)
    .option('--publish <pattern>', 'what the user may publish to (again for more)', collect)
    .option('--ttl <duration>', 'how long it counts (default: the setting tokenTtlMs)')
    .addHelpText('after', examples)
    .action(makeToken)
  addSettingsOptions(command)
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, checked(() => checkPattern(value))]
}

async function makeToken({ user, subscribe = [], publish = [], ttl, ...folder }: Options): Promise<void> {
  checked(() => userTopic(user))
  const settings = readServerSettings(folder)
  const { tokenMaxLifetimeMs, tokenTtlMs } = settings
  const life = ttl === undefined ? Math.min(tokenTtlMs, tokenMaxLifetimeMs) : parseDuration(ttl)
  if (!life || life > tokenMaxLifetimeMs) {
    const longest = formatDuration(tokenMaxLifetimeMs)
    throw new CliError(
      exitCode.usage,
      `--ttl ${ttl} is not a duration up to ${longest}; give one such as 15m`,
    )
  }
  const token = await withCredentials(settings, (store) => {
    const claims = { subject: user, expiresAt: Date.now() + life, subscribe, publish }
    return new OwnTokens(store.secrets).mint('user', claims)
  })
  await write(process.stdout, `${token}\n`)
}
