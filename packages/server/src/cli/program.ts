import { Command, CommanderError } from 'commander'
import { exitCode } from './exit-code.ts'
import { failureOf } from './failure.ts'
import { complain, endWithOutput } from './terminal.ts'
import { readVersion } from './version.ts'

interface Verb {
  readonly summary: string
  /** Loaded only when it is asked for, so that the server does not wait for what only other verbs need. */
  load(): Promise<{ define(command: Command): void }>
}

const verbs: Readonly<Record<string, Verb>> = {
  serve: { summary: 'run the server (also without a verb)', load: () => import('./serve.ts') },
  publish: {
    summary: 'publish events, from arguments or standard input',
    load: () => import('./publish.ts'),
  },
  tail: { summary: 'follow topics on the terminal', load: () => import('./tail.ts') },
  keys: { summary: 'API keys of programs: make, list and revoke them', load: () => import('./keys.ts') },
  token: { summary: 'make a token for a user', load: () => import('./token.ts') },
  doctor: {
    summary: 'check a configuration and a running server',
    load: () => import('./doctor.ts'),
  },
  stats: { summary: 'show what the server is doing', load: () => import('./stats.ts') },
}

const examples = `
Examples:
  $ tidings                                        # the server, on http://localhost:3000
  $ tidings publish --topic orders/42 --text hello
  $ tail -f app.log | tidings publish --topic logs/app
  $ tidings tail 'orders/*'`

/**
 * Runs the command line.
 * @param argv as in `process.argv`.
 * @returns the exit code.
 */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(argv)
    await program.parseAsync(argv)
    return exitCode.ok
  } catch (error) {
    return report(error)
  }
}

async function createProgram(argv: readonly string[]): Promise<Command> {
  const asked = argv.slice(2).find((word) => Object.hasOwn(verbs, word)) ?? 'serve'
  const program = new Command('tidings')
    .description('Push events from servers to people over Server-Sent Events, and lose none.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(`${oneLine(text)}; see tidings ${asked} --help`) })
    .addHelpText('after', examples)
  for (const [name, { summary, load }] of Object.entries(verbs)) {
    const command = program.command(name, { isDefault: name === 'serve' }).summary(summary)
    if (name === asked) (await load()).define(command)
  }
  // A server goes on serving, whoever reads its log.
  if (asked !== 'serve') endWithOutput()
  return program
}

/** Commander writes "error: …" and its suggestion on a line of its own. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replaceAll(/\s*\n\s*/g, ' ')
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
  const { message, exitCode: code } = failureOf(error)
  complain(message)
  return code
}
