import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildConsoleIfStale } from '../../scripts/build-console.ts'
import { buildPackage, checkPackage, type packages } from '../../scripts/build-package.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'

const run = promisify(execFile)
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** A package, by its folder. */
type Ours = (typeof packages)[number]

/** What is read here of a manifest. */
interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Whatever else such a project has: these are linked, not ours. */
const theirs = ['react', 'react-dom', '@types/react', '@types/react-dom', '@types/node', 'zod', 'valibot']

/** What a program wrote, and how it ended. */
export interface Ending {
  readonly code: number
  readonly output: string
}

/** A project that has installed the packages as they would be published: built, packed and unpacked. */
export class Consumer implements AsyncDisposable {
  readonly path: string
  readonly #folder: TempFolder

  /** @param ours the packages, in the order in which they import each other. */
  static async install(ours: readonly Ours[]): Promise<Consumer> {
    if (ours.includes('server')) await buildConsoleIfStale()
    const folder = await tempFolder()
    const workshop = join(folder.path, 'workshop')
    const consumer = new Consumer(folder)
    await cp(join(repository, 'tsconfig.base.json'), join(workshop, 'tsconfig.base.json'))
    const foreign = new Set(theirs)
    for (const name of ours) {
      const source = join(workshop, 'packages', name)
      await cp(join(repository, 'packages', name), source, {
        recursive: true,
        filter: (path) => !/\/(dist|node_modules)$/.test(path),
      })
      const { name: published, dependencies = {} } = await readManifest(source)
      await link(join(workshop, 'node_modules'), [published], () => source)
      for (const dependency of Object.keys(dependencies)) foreign.add(dependency)
    }
    const isForeign = (name: string) => !name.startsWith('@tidings/')
    for (const modules of [join(workshop, 'node_modules'), join(consumer.path, 'node_modules')])
      await link(modules, [...foreign].filter(isForeign), (name) => join(repository, 'node_modules', name))
    for (const name of ours) {
      const source = join(workshop, 'packages', name)
      buildPackage(source)
      checkPackage(source)
      await consumer.#unpack(source)
    }
    await consumer.write('package.json', JSON.stringify({ private: true, type: 'module' }))
    return consumer
  }

  private constructor(folder: TempFolder) {
    this.#folder = folder
    this.path = join(folder.path, 'consumer')
  }

  /** What an installed package can be imported by, e.g. `@tidings/client/api`. */
  async subpaths(name: string): Promise<string[]> {
    const { exports } = await readManifest(join(this.path, 'node_modules', name))
    return Object.keys(exports).map((path) => `${name}${path.slice(1)}`)
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.path, file), text)
  }

  /** Runs a program in the project's folder to its end. */
  async run(program: string, ...args: readonly string[]): Promise<Ending> {
    try {
      const { stdout, stderr } = await run(program, args, { cwd: this.path })
      return { code: 0, output: stdout + stderr }
    } catch (error) {
      const {
        code = -1,
        stdout = '',
        stderr = '',
      } = error as { code?: number; stdout?: string; stderr?: string }
      return { code, output: `${stdout}${stderr}${stdout + stderr === '' ? error : ''}` }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]()
  }

  /** Packs a package as npm does, and unpacks it where npm would. */
  async #unpack(source: string): Promise<void> {
    const { name } = await readManifest(source)
    const target = join(this.path, 'node_modules', name)
    await mkdir(target, { recursive: true })
    const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--offline'], { cwd: source })
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
    await run('tar', ['-xzf', join(source, filename), '--strip-components=1', '-C', target])
  }
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Links packages into a folder of modules. */
async function link(
  modules: string,
  names: readonly string[],
  target: (name: string) => string,
): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(target(name), join(modules, name))
  }
}
