import { existsSync } from 'node:fs'
import { glob, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../', import.meta.url))
const sources = `${repository}apps/console/`
const output = `${repository}packages/server/console/`
/** On the same disk as the output, so that moving it there is one step. */
const workshop = `${repository}node_modules/.cache/console/`
/** What the page is made of: its own sources, and those of the packages that it is bundled with. */
const ingredients = ['apps/console', 'packages/client', 'packages/protocol', 'packages/react']
/** What the page is not made of. */
const exclude = ['**/node_modules', '**/dist', '**/*.test.ts', '**/*.test.tsx']

/** Builds the page that the server shows at its root, if it is missing or older than its sources. */
export async function buildConsoleIfStale(): Promise<void> {
  if (await isStale()) await buildConsole()
}

async function buildConsole(): Promise<void> {
  // Vite takes a while to load: only who builds waits for it.
  const { build } = await import('vite')
  await mkdir(workshop, { recursive: true })
  const folder = await mkdtemp(`${workshop}build-`)
  const built = `${folder}/new`
  try {
    const configFile = `${sources}vite.config.ts`
    await build({ root: sources, configFile, logLevel: 'warn', build: { outDir: built } })
    await replaceOutput(built, `${folder}/old`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function isStale(): Promise<boolean> {
  const page = `${output}index.html`
  if (!existsSync(page)) return true
  const { mtimeMs: builtAt } = await stat(page)
  for (const ingredient of ingredients) {
    // Folders too: a file that was removed or renamed leaves no younger file behind, but a younger folder.
    for await (const path of glob(`${ingredient}/**`, { cwd: repository, exclude })) {
      if ((await stat(`${repository}${path}`)).mtimeMs > builtAt) return true
    }
  }
  return false
}

/** Moves a finished build to its place: a server that runs meanwhile never finds half of one. */
async function replaceOutput(built: string, old: string): Promise<void> {
  if (existsSync(output)) await rename(output, old).catch(ignoreRace)
  await rename(built, output).catch(ignoreRace)
}

/** Another process can have built at the same time, from the same sources: then its build is as good as ours. */
function ignoreRace(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}
