import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type InlineConfig } from 'vite'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'

const page = resolve(import.meta.dirname, 'page')

/** The versions of React that the kit runs on. */
export type ReactVersion = 18 | 19

/** The test page, built with one version of React. */
export class Kit implements AsyncDisposable {
  readonly #folder: TempFolder

  /** Builds the page and its rendering on a server, both as in development: only there does StrictMode do everything twice. */
  static async build(react: ReactVersion): Promise<Kit> {
    const kit = new Kit(await tempFolder())
    await build({ ...configOf(react), build: { outDir: kit.path, minify: false, assetsInlineLimit: 0 } })
    await build({
      ...configOf(react),
      ssr: { noExternal: true, resolve: { conditions: ['tidings-source'] } },
      build: { outDir: join(kit.path, 'server'), ssr: join(page, 'render.tsx'), minify: false },
    })
    return kit
  }

  private constructor(folder: TempFolder) {
    this.#folder = folder
  }

  /** Where `index.html` and all that it needs is. */
  get path(): string {
    return this.#folder.path
  }

  /** A view as a server renders it. */
  async render(view: string): Promise<string> {
    const { render } = await import(pathToFileURL(join(this.path, 'server/render.js')).href)
    return render(view)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]()
  }
}

function configOf(react: ReactVersion): InlineConfig {
  const old = resolve(import.meta.dirname, '../react-18/node_modules')
  return {
    root: page,
    configFile: false,
    base: './',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"development"' },
    oxc: { jsx: { runtime: 'automatic', development: false } },
    resolve: {
      conditions: ['tidings-source', 'module', 'browser', 'development'],
      alias: react === 18 ? [{ find: /^(react|react-dom)(?=$|\/)/, replacement: `${old}/$1` }] : [],
    },
  }
}
