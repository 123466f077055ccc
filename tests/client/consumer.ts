import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildPackage, checkPackage } from '../../scripts/build-package.ts'
import { type TempFolder, tempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)
const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const ours = ['protocol', 'client', 'react'] as const

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

  static async install(): Promise<Consumer> {
    const folder = await tempFolder()
    const workshop = join(folder.path, 'workshop')
    await cp(join(repository, 'tsconfig.base.json'), join(workshop, 'tsconfig.base.json'))
    for (const name of ours) {
      await cp(join(repository, 'packages', name), join(workshop, 'packages', name), {
        recursive: true,
        filter: (path) => !/\/(dist|node_modules)$/.test(path),
      })
    }
    await link(join(workshop, 'node_modules'), theirs, (name) => join(repository, 'node_modules', name))
    await link(
      join(workshop, 'node_modules'),
      ours.map((name) => `@tidings/${name}`),
      (name) => join(workshop, 'packages', name.replace('@tidings/', '')),
    )
    const consumer = new Consumer(folder)
    for (const name of ours) {
      const source = join(workshop, 'packages', name)
      buildPackage(source)
      checkPackage(source)
      await consumer.#unpack(name, source)
    }
    await link(join(consumer.path, 'node_modules'), theirs, (name) => join(repository, 'node_modules', name))
    await consumer.write('package.json', JSON.stringify({ private: true, type: 'module' }))
    return consumer
  }

  private constructor(folder: TempFolder) {
    this.#folder = folder
    this.path = join(folder.path, 'consumer')
  }

  /** What an installed package can be imported by, e.g. `@tidings/client/api`. */
  async subpaths(name: (typeof ours)[number]): Promise<string[]> {
    const file = join(this.path, 'node_modules/@tidings', name, 'package.json')
    const { exports } = JSON.parse(await readFile(file, 'utf8')) as { exports: Record<string, unknown> }
    return Object.keys(exports).map((path) => `@tidings/${name}${path.slice(1)}`)
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
  async #unpack(name: string, source: string): Promise<void> {
    const target = join(this.path, 'node_modules/@tidings', name)
    await mkdir(target, { recursive: true })
    const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--offline'], { cwd: source })
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
    await run('tar', ['-xzf', join(source, filename), '--strip-components=1', '-C', target])
  }
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
