import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Rolldown } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))

/** No file: the code that is measured. */
const entry = `${root}measured-entry.js`

/** What a reader of a page has to load. */
export interface BundleSize {
  /** Bytes of the minified code. */
  readonly minified: number
  /** Bytes of it as gzip, level 9. */
  readonly gzip: number
  /** Bytes, as gzip, of what is loaded only when it is needed. */
  readonly later: number
  /** The sources that some of the code comes from, by their paths in the repository. */
  readonly sources: readonly string[]
}

/**
 * Bundles code as an application's build would and in memory, from the packages' sources.
 * @param code a module that imports packages.
 * @param external packages that are not counted, with all their subpaths.
 */
export async function bundleSize(code: string, external: readonly string[] = []): Promise<BundleSize> {
  const { build } = await import('vite')
  const output = (await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'measured-entry',
        resolveId: (id) => (id === 'measured-entry' ? entry : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
    resolve: { conditions: ['tidings-source', 'module', 'browser', 'production'] },
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: {
        input: 'measured-entry',
        // What the entry exports stays, as it does for somebody who uses it.
        preserveEntrySignatures: 'strict',
        external: (id) => external.some((name) => id === name || id.startsWith(`${name}/`)),
      },
    },
  })) as Rolldown.RolldownOutput
  const chunks = output.output.filter((part) => part.type === 'chunk')
  const first = closure(chunks)
  const later = chunks.filter((chunk) => !first.includes(chunk))
  return {
    ...textSize(join(first)),
    later: later.length === 0 ? 0 : textSize(join(later)).gzip,
    sources: chunks.flatMap(sourcesOf),
  }
}

/** What is loaded at once: the entry, and what it imports. */
function closure(chunks: readonly Rolldown.OutputChunk[]): Rolldown.OutputChunk[] {
  const found = new Set(chunks.filter(({ isEntry }) => isEntry))
  for (const { imports } of found) {
    for (const chunk of chunks) if (imports.includes(chunk.fileName)) found.add(chunk)
  }
  return [...found]
}

function join(chunks: readonly Rolldown.OutputChunk[]): string {
  return chunks.map(({ code }) => code).join('\n')
}

/** The size of a text as a file that is sent. */
export function textSize(text: string): Pick<BundleSize, 'minified' | 'gzip'> {
  return { minified: Buffer.byteLength(text), gzip: gzipSync(text, { level: 9 }).length }
}

function sourcesOf({ modules }: Rolldown.OutputChunk): string[] {
  return Object.entries(modules)
    .filter(([path, { renderedLength }]) => renderedLength > 0 && path !== entry)
    .map(([path]) => path.replace(root, ''))
}
