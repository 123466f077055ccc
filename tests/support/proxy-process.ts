import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { until } from './until.ts'

/** A real reverse proxy in front of a server. */
export class ProxyProcess implements AsyncDisposable {
  readonly port: number
  readonly #folder: TempFolder
  readonly #command: readonly string[]
  #child: ChildProcess | undefined

  /**
   * nginx with its defaults.
   * @param directives what else its `location` holds.
   */
  static async nginx(program: string, target: number, directives = ''): Promise<ProxyProcess> {
    const [folder, port] = [await tempFolder(), await freePort()]
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const config = `
      daemon off; master_process off; pid ${folder.path}/pid; error_log ${folder.path}/error.log;
      events { worker_connections 256; }
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${folder.path}/${name};`).join(' ')}
        server {
          listen 127.0.0.1:${port};
          location / { proxy_pass http://127.0.0.1:${target}; ${directives} }
        }
      }`
    const command = [program, '-e', join(folder.path, 'start.log'), '-c', join(folder.path, 'config')]
    return ProxyProcess.#start(folder, port, command, config)
  }

  /**
   * haproxy in HTTP mode.
   * @param options lines of its `defaults`.
   */
  static async haproxy(program: string, target: number, options: readonly string[]): Promise<ProxyProcess> {
    const [folder, port] = [await tempFolder(), await freePort()]
    const lines = ['mode http', 'timeout connect 5s', ...options]
    const config = `defaults
${lines.map((line) => `  ${line}`).join('\n')}
listen tidings
  bind 127.0.0.1:${port}
  server tidings 127.0.0.1:${target}
`
    return ProxyProcess.#start(folder, port, [program, '-db', '-f', join(folder.path, 'config')], config)
  }

  static async #start(folder: TempFolder, port: number, command: readonly string[], config: string) {
    await writeFile(join(folder.path, 'config'), config)
    const proxy = new ProxyProcess(folder, port, command)
    await proxy.#launch()
    return proxy
  }

  private constructor(folder: TempFolder, port: number, command: readonly string[]) {
    this.#folder = folder
    this.port = port
    this.#command = command
  }

  /** Ends it with everything that passes through, and starts it again. */
  async restart(): Promise<void> {
    await this.#kill()
    await this.#launch()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kill()
    await this.#folder[Symbol.asyncDispose]()
  }

  async #launch(): Promise<void> {
    const [program, ...args] = this.#command
    const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    let said = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await until(
      () => `${program} to listen; it says: ${said}`,
      () => canConnect(this.port),
    )
  }

  async #kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
