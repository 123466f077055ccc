import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleSize, textSize } from './bundle-size.ts'

/** Prints what the client and the React kit weigh in a page, and exits with 1 if one of them weighs too much. */

interface Row {
  readonly what: string
  readonly minified: number
  readonly gzip: number
  readonly later?: number
  /** At most so many bytes as gzip; nothing is asked of the others. */
  readonly budget?: number
}

/** The entry points of the client: together they are what somebody loads who uses all of it. */
const entryPoints = ['', '/api', '/event-source', '/fetch-event-source', '/parser', '/publisher']

/** What an application that uses React and the client has anyway. */
const besideReact = ['react', 'react-dom', '@tidings/client']

async function measure(
  what: string,
  code: string,
  { budget = 0, external = [] as readonly string[] } = {},
): Promise<Row> {
  const { minified, gzip, later } = await bundleSize(code, external)
  return { what, minified, gzip, later, ...(budget > 0 && { budget }) }
}

const link = fileURLToPath(new URL('../packages/client/src/stream/link.ts', import.meta.url))
const connect = `export { connect } from '@tidings/client'`

function everything(modules: readonly string[]): string {
  return modules.map((name, index) => `export * as part${index} from '${name}'`).join('\n')
}

async function rows(): Promise<Row[]> {
  const client = entryPoints.map((path) => `@tidings/client${path}`)
  const react = ['@tidings/react', '@tidings/react/components']
  const styles = await readFile(new URL('../packages/react/styles.css', import.meta.url), 'utf8')
  return [
    await measure('the stream: parser, states, connection, resume', `export { Link } from '${link}'`, {
      budget: 6_000,
    }),
    await measure('connect(): with handlers, loops, schemas, stores; later: shared tabs', connect, {
      budget: 10_000,
    }),
    ...(await Promise.all(client.slice(1).map((name) => measure(name, `export * from '${name}'`)))),
    // Nobody loads all of it: this holds what it grows by.
    await measure('all of @tidings/client', everything(client), { budget: 16_000 }),
    await measure('@tidings/react, its hooks alone', everything(react.slice(0, 1)), {
      external: besideReact,
    }),
    await measure('all of @tidings/react', everything(react), { budget: 12_000, external: besideReact }),
    { what: '@tidings/react/styles.css', ...textSize(styles) },
  ]
}

function print(table: readonly Row[]): void {
  const lines = table.map(({ what, minified, gzip, later, budget }) => [
    what,
    minified.toLocaleString('en'),
    gzip.toLocaleString('en'),
    budget?.toLocaleString('en') ?? '',
    later ? later.toLocaleString('en') : '',
    budget === undefined ? '' : gzip <= budget ? 'holds' : 'TOO LARGE',
  ])
  const all = [['', 'bytes minified', 'as gzip', 'at most', 'later', ''], ...lines]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)))
  for (const line of all) {
    const cells = line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
    )
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
  }
}

const table = await rows()
print(table)
if (table.some(({ gzip, budget = gzip }) => gzip > budget)) process.exitCode = 1
