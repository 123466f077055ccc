import { parseArgs } from 'node:util'

/** What a run of the benchmark is asked to do. */
export interface Options {
  /** Names of cases, or how they begin; all, if empty. */
  readonly cases: readonly string[]
  /** Names of servers; all, if empty. */
  readonly servers: readonly string[]
  readonly rounds: number
  readonly isQuick: boolean
  /** Profile Tidings instead of comparing it. */
  readonly isProfiling: boolean
  /** Write the results, and the table into the README. */
  readonly isSaving: boolean
}

export const usage = `Usage: npm run bench -- [options]
       npm run bench -- parse [--help]      parsers and clients instead of servers
       npm run bench -- cluster [--help]    several nodes on one Redis
       npm run bench -- plan                what so many connections take, by what was measured

Tidings beside its peers: each server in turn on one core, the load on the other.

  --case NAMES     only these cases, by name or beginning: fanout,idle,secure,workers,publish,resume,reconnect,start,fairness
  --server NAMES   only these servers: tidings,tidings-tls,tidings-http2,tidings-workers,nchan,better-sse,express,fastify,yardstick
  --rounds N       rounds of each measurement, medians are shown (3; with --quick 1)
  --quick          short windows and a smaller log: to see that it works, not to compare
  --profile        run Tidings alone and print where its CPU time goes
  --save           write benchmarks/results/ and the README's table even if this is not a whole run
  --help`

/**
 * Reads the command line; `undefined` asks for help.
 * @throws Error with a message for the user.
 */
export function readOptions(parameters: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      case: { type: 'string' },
      server: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const isWhole = values.case === undefined && values.server === undefined && !values.quick && !values.profile
  return {
    cases: list(values.case),
    servers: values.profile ? ['tidings'] : list(values.server),
    rounds: readRounds(values.rounds, values.quick || values.profile ? 1 : 3),
    isQuick: values.quick,
    isProfiling: values.profile,
    isSaving: values.save || isWhole,
  }
}

function list(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(',').map((name) => name.trim())
}

function readRounds(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  throw new Error(`--rounds must be a whole number from 1, not "${text}".`)
}
