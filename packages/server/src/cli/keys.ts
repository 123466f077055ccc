import { styleText } from 'node:util'
import { checkPattern } from '@tidings/protocol'
import type { Command } from 'commander'
import type { ApiKey, CredentialStore, KeyGrants } from '../auth/store/credential-store.ts'
import { formatDuration, parseDuration } from '../config/quantity.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import { checked } from './option.ts'
import { addSettingsOptions, readServerSettings, type SettingsOptions } from './server-settings.ts'
import { notice, printable, write } from './terminal.ts'
import { withCredentials } from './with-credentials.ts'

const examples = `
A key is for a program, and may do what it was made for, on topics and patterns: --publish and --subscribe,
--notify users (topics user/<id>), --admin their streams and tokens; --admin '**' runs the whole server.
It is shown once; only a digest of it is kept. A running server notices what is changed here within a second.

Examples:
  $ tidings keys create --name ci --publish 'builds/**' --ttl 90d
  $ export TIDINGS_KEY=$(tidings keys create --name ops --admin '**' --publish '**' --subscribe '**')
  $ tidings keys list
  $ tidings keys revoke ci`

/** The rights, in the order in which they are shown. */
const rights = ['publish', 'subscribe', 'notify', 'admin'] as const satisfies readonly (keyof KeyGrants)[]

/** The longest life of a key: beyond it, "never" is the honest word. */
const longestTtlMs = 10 * 365 * 86_400_000

interface CreateOptions extends SettingsOptions {
  readonly name: string
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly notify?: readonly string[]
  readonly admin?: readonly string[]
  readonly ttl?: string
  readonly json?: true
}

/** Gives the verb its own verbs and their flags. */
export function define(command: Command): void {
  command.description('API keys of programs: make, list and revoke them.').addHelpText('after', examples)
  const create = command.command('create').summary('make a key').description('Make a key, and show it once.')
  create.requiredOption('--name <name>', 'what the key is for')
  for (const right of rights) {
    const option = `--${right} <pattern>`
    create.option(option, `the right to ${meaning[right]} (again for more)`, collect)
  }
  create.option('--ttl <duration>', 'how long it counts, such as 90d (default: until it is revoked)')
  create.option('--json', 'the key and what is known of it, as a JSON object').addHelpText('after', examples)
  addSettingsOptions(create).action(createKey)

  const list = command
    .command('list')
    .summary('list the keys')
    .description('List the keys, the newest first.')
  list.option('--json', 'a JSON object for each key, one a line').addHelpText('after', examples)
  addSettingsOptions(list).action(listKeys)

  const revoke = command.command('revoke').summary('revoke a key').argument('<key>', 'its id or its name')
  revoke.description('Revoke a key: its streams end within a second.').addHelpText('after', examples)
  addSettingsOptions(revoke).action(revokeKey)

  const rotate = command
    .command('rotate')
    .summary('sign tokens with a new secret')
    .addHelpText('after', examples)
  rotate.description('Sign tokens with a new secret. Those that the old one signed count until they expire.')
  addSettingsOptions(rotate).action(rotateSecret)
}

const meaning: Readonly<Record<(typeof rights)[number], string>> = {
  publish: 'publish to topics of this pattern',
  subscribe: 'read topics of this pattern',
  notify: 'send notifications to users of this pattern, such as user/*',
  admin: 'see and end streams of this pattern and make tokens for its users; ** for the whole server',
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, checked(() => checkPattern(value))]
}

async function createKey(options: CreateOptions): Promise<void> {
  const { name, ttl, json } = options
  if (name === '' || name.length > 64 || /\p{Cc}/u.test(name)) {
    throw new CliError(exitCode.usage, '--name takes 1 to 64 characters on one line')
  }
  const grants = grantsOf(options)
  const expiresAt = ttl === undefined ? undefined : Date.now() + readTtl(ttl)
  const { key, secret } = await withStore(options, (store) => store.createKey({ name, grants, expiresAt }))
  if (json) return write(process.stdout, `${JSON.stringify({ key: secret, ...shown(key) })}\n`)
  await write(process.stdout, `${secret}\n`)
  const life = ttl === undefined ? 'until it is revoked' : `for ${formatDuration(readTtl(ttl))}`
  notice(`made the key "${printable(name)}" (${key.id}), which counts ${life}; it is not shown again`)
  notice('a server on this store now asks everybody for a key or a token')
}

function grantsOf(options: CreateOptions): KeyGrants {
  const { publish = [], subscribe = [], notify = [], admin = [] } = options
  if (publish.length + subscribe.length + notify.length + admin.length > 0)
    return { publish, subscribe, notify, admin }
  throw new CliError(
    exitCode.usage,
    "a key with no right is of no use; give --publish, --subscribe, --notify or --admin, such as --publish 'builds/**'",
  )
}

function readTtl(text: string): number {
  const ttl = parseDuration(text)
  if (ttl !== undefined && ttl > 0 && ttl <= longestTtlMs) return ttl
  throw new CliError(exitCode.usage, `--ttl ${text} is not a duration up to 3650d; give one such as 90d`)
}

async function listKeys(options: SettingsOptions & { readonly json?: true }): Promise<void> {
  const keys = await withStore(options, (store) => store.keys())
  if (options.json)
    return write(process.stdout, keys.map((key) => `${JSON.stringify(shown(key))}\n`).join(''))
  if (keys.length === 0)
    notice("there are no keys; make one with: tidings keys create --name first --admin '**'")
  await write(process.stdout, keys.map(lineOf).join(''))
}

function lineOf(key: ApiKey): string {
  const dim = (text: string) => styleText('dim', text, { stream: process.stdout })
  const granted = rights.flatMap((right) => {
    const patterns = key.grants[right]
    return patterns.length === 0 ? [] : [`${right} ${patterns.map(printable).join(' ')}`]
  })
  return `${key.id}  ${printable(key.name).padEnd(16)}  ${dim(stateOf(key))}\n${' '.repeat(14)}${granted.join('; ')}\n`
}

function stateOf({ createdAt, expiresAt, revokedAt }: ApiKey): string {
  if (revokedAt !== undefined) return `revoked ${day(revokedAt)}`
  if (expiresAt === undefined) return `made ${day(createdAt)}, never expires`
  return expiresAt <= Date.now()
    ? `expired ${day(expiresAt)}`
    : `made ${day(createdAt)}, expires ${day(expiresAt)}`
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

function shown({ id, name, grants, createdAt, expiresAt, revokedAt }: ApiKey): object {
  const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString())
  return { id, name, grants, createdAt: iso(createdAt), expiresAt: iso(expiresAt), revokedAt: iso(revokedAt) }
}

async function revokeKey(named: string, options: SettingsOptions): Promise<void> {
  await withStore(options, async (store) => {
    const key = store
      .keys()
      .find(({ id, name, revokedAt }) => revokedAt === undefined && (id === named || name === named))
    if (key === undefined) {
      throw new CliError(
        exitCode.refused,
        `there is no key ${JSON.stringify(named)} that counts; see tidings keys list`,
      )
    }
    await store.revokeKey(key.id)
    notice(`revoked the key "${printable(key.name)}" (${key.id})`)
  })
}

async function rotateSecret(options: SettingsOptions): Promise<void> {
  const { tokenMaxLifetimeMs } = readServerSettings(options)
  await withStore(options, (store) => store.rotateSecret())
  notice(`a new secret signs; the old one counts for another ${formatDuration(tokenMaxLifetimeMs)}`)
}

async function withStore<Result>(
  options: SettingsOptions,
  use: (store: CredentialStore) => Result | Promise<Result>,
): Promise<Result> {
  return withCredentials(readServerSettings(options), use)
}
