import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'
import type { Command } from 'commander'
import { formatDuration, parseDuration } from '../config/quantity.ts'
import { describeFailure, isPassing, parseObject, readRefusal } from './answer.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'
import { addUrlOption, readServerAddress, type ServerAddress } from './server-address.ts'
import { notice, printable, write } from './terminal.ts'

const answerWithinMs = 10_000
const defaultIntervalMs = 2_000

const examples = `
Examples:
  $ tidings stats
  $ tidings stats --watch 5s
  $ tidings stats --json | jq .totalConnections`

interface Options {
  readonly url?: string
  readonly keyFile?: string
  readonly json?: true
  readonly watch?: string | true
}

/** Gives the verb its flags. */
export function define(command: Command): void {
  addUrlOption(command)
    .description('Show what the server is doing: connections, events, where the log stands.')
    .option('--json', 'one JSON object on a line instead of a table')
    .option('--watch [duration]', `again and again (default every ${formatDuration(defaultIntervalMs)})`)
    .addHelpText('after', examples)
    .action(showStats)
}

async function showStats({ json, watch, ...options }: Options): Promise<void> {
  const address = readServerAddress(options)
  const show = json ? (stats: Stats) => `${JSON.stringify(stats)}\n` : table
  if (watch === undefined) return write(process.stdout, show(await fetchStats(address)))
  const intervalMs = watch === true ? defaultIntervalMs : parseDuration(watch)
  if (!intervalMs) {
    throw new CliError(exitCode.usage, `--watch ${watch} is not a duration; give one such as 2s`)
  }
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  while (!stopped.signal.aborted) {
    await showOnce(address, json ? show : (stats) => `${clearScreen()}${show(stats)}`)
    await sleep(intervalMs, undefined, { signal: stopped.signal }).catch(() => {})
  }
}

/** A server that is away for a moment does not end the watch. */
async function showOnce(address: ServerAddress, show: (stats: Stats) => string): Promise<void> {
  try {
    await write(process.stdout, show(await fetchStats(address)))
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCode.unavailable) throw error
    notice(error.message)
  }
}

type Stats = Readonly<Record<string, unknown>>

async function fetchStats({ base, headers }: ServerAddress): Promise<Stats> {
  const url = new URL('api/stats', base)
  const signal = AbortSignal.timeout(answerWithinMs)
  const { response, body } = await fetch(url, { headers, signal, redirect: 'manual' })
    .then(async (response) => ({ response, body: await response.text() }))
    .catch((error: unknown) => {
      const why = describeFailure(error)
      throw new CliError(
        exitCode.unavailable,
        `${base.href} does not answer (${why}); is the server running there?`,
      )
    })
  if (response.status === 200) return parseObject(body)
  const { detail, status } = readRefusal(response, body)
  throw new CliError(isPassing(status) ? exitCode.unavailable : exitCode.refused, `${url.href}: ${detail}`)
}

function table(stats: Stats): string {
  const rows = Object.entries(stats).flatMap(([name, value]) => rowsOf(name, value))
  const names = Math.max(0, ...rows.map(([name]) => name.length))
  const values = Math.max(0, ...rows.map(([, value]) => value.length))
  const dim = (text: string) => styleText('dim', text, { stream: process.stdout })
  return rows.map(([name, value]) => `${dim(name.padEnd(names))}  ${value.padStart(values)}\n`).join('')
}

type Row = readonly [name: string, value: string]

/** A row for each figure; of a list, one for each of its parts. */
function rowsOf(name: string, value: unknown): Row[] {
  if (Array.isArray(value)) return value.flatMap((part) => rowsOf(singular(name), part))
  if (typeof value !== 'object' || value === null) return [[printable(name), shown(value)]]
  const { id, warnings = [], ...rest } = value as Readonly<Record<string, unknown>>
  const facts = Object.entries(rest).map(([name, value]) => `${printable(name)} ${shown(value)}`)
  const head = id === undefined ? printable(name) : `${printable(name)} ${printable(String(id))}`
  return [[head, facts.join(', ')], ...rowsOf(`${head} warnings`, warnings)]
}

function singular(name: string): string {
  return name.replace(/s$/, '')
}

function shown(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 1 })
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

function clearScreen(): string {
  return process.stdout.isTTY ? '\u001b[2J\u001b[H' : ''
}
