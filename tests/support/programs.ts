import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** What some tests and benchmarks run for real, and Debian's package that holds it. */
const packages = {
  chromium: 'chromium',
  'redis-server': 'redis-server',
  nginx: 'nginx',
  nchan: 'libnginx-mod-nchan',
  haproxy: 'haproxy',
  strace: 'strace',
  'mkfs.ext4': 'e2fsprogs',
} as const

/** A program that tests may need. */
export type Program = keyof typeof packages

/** Things that are files to load rather than programs to run. */
const fixedPlaces: { readonly [program in Program]?: string } = {
  nchan: '/usr/lib/nginx/modules/ngx_nchan_module.so',
}

/** Daemons live here, and a plain user's PATH often has neither. */
const systemFolders = ['/usr/sbin', '/sbin']

const found = new Map<Program, string | undefined>()

/**
 * Finds a program, and as root on Debian installs it if it is missing. Its path, or `undefined` after saying on
 * standard error what is not tested for want of it and which line installs it: then skip the suite.
 *
 *     const strace = requireProgram('strace')
 *     describe.skipIf(strace === undefined)('a failing disk', () => …)
 *
 * @throws Error with CI=true, where nothing may be skipped.
 */
export function requireProgram(program: Program): string | undefined {
  if (!found.has(program)) found.set(program, find(program) ?? install(program))
  const path = found.get(program)
  if (path === undefined)
    skipLoudly(`${program} is missing; install it with: apt-get install -y ${packages[program]}`)
  return path
}

/**
 * Whether this process may mount disks and so on.
 * @throws Error with CI=true if it may not.
 */
export function requireRoot(purpose: string): boolean {
  if (process.getuid?.() === 0) return true
  skipLoudly(`${purpose} needs root; run the tests as root`)
  return false
}

function skipLoudly(reason: string): void {
  if (process.env.CI === 'true') throw new Error(`With CI=true no test may be skipped, but ${reason}`)
  process.stderr.write(`\nSKIPPED: ${reason}\n\n`)
}

function find(program: Program): string | undefined {
  const fixed = fixedPlaces[program]
  if (fixed !== undefined) return existsSync(fixed) ? fixed : undefined
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...systemFolders]
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function install(program: Program): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined
  // Several test files may miss something at once, and apt-get refuses to run twice.
  const lock = join(tmpdir(), 'tidings-apt.lock')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const script = `apt-get install -y ${packages[program]} || { apt-get update && apt-get install -y ${packages[program]}; }`
  try {
    execFileSync('flock', [lock, 'sh', '-c', script], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  } catch {
    return undefined
  }
  return find(program)
}
