import { readFile } from 'node:fs/promises'
import { build, type InlineConfig } from 'vite'
import type { PageState } from './src/state.ts'

const root = import.meta.dirname
const dist = `${import.meta.dirname}/dist`

const config: InlineConfig = {
  root,
  configFile: false,
  logLevel: 'error',
  oxc: { jsx: { runtime: 'automatic' } },
  // Inside this repository the packages are taken as they are written; yours come from npm and need no conditions.
  resolve: { conditions: ['tidings-source', 'module', 'browser', 'production'] },
}

/** Builds the page for the browser and for this server, and puts both together. */
export async function buildPage(): Promise<{ renderPage(state: PageState): string }> {
  await build({ ...config, build: { outDir: dist, emptyOutDir: true } })
  await build({
    ...config,
    ssr: { noExternal: true, resolve: { conditions: ['tidings-source'] } },
    build: { outDir: `${dist}/server`, ssr: `${root}/src/render.tsx` },
  })
  const shell = await readFile(`${dist}/index.html`, 'utf8')
  const { render } = (await import(`${dist}/server/render.js`)) as { render(state: PageState): string }
  return {
    renderPage: (state) =>
      shell.replace('<!--page-->', () => render(state)).replace('>null<', () => `>${escapeJson(state)}<`),
  }
}

/** In a script element only `<` could end the JSON. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}
