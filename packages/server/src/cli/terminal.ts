import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { exitCode } from './exit-code.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** Text on one line, without the control characters with which it could take over a terminal. */
export function printable(text: string): string {
  return text.replaceAll(controls, (control) => {
    const escaped = JSON.stringify(control).slice(1, -1)
    return escaped === control ? `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped
  })
}

/** Says something beside the output, on standard error. */
export function notice(text: string): void {
  process.stderr.write(`${styleText('dim', 'tidings:', { stream: process.stderr })} ${text}\n`)
}

/** Says why the command fails. */
export function complain(text: string): void {
  process.stderr.write(`${styleText('red', 'tidings:', { stream: process.stderr })} ${text}\n`)
}

/**
 * Ends the process when what it has to say cannot be written: quietly when its reader has seen enough, such as
 * `head`; with why when, say, the disk that it goes to is full.
 */
export function endWithOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode.ok)
    complain(`the output cannot be written (${error.message})`)
    process.exit(exitCode.storeFailed)
  })
}

/** Writes, and resolves when there is room for more: a slow pipe slows us down instead of filling memory. */
export async function write(stream: Writable, text: string): Promise<void> {
  if (stream.write(text) || stream.destroyed) return
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
}
