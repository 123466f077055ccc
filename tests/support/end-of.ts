import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { within } from './until.ts'

/** How a process ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How long what a process has started, and has left behind, may hold on to its output, in milliseconds. */
const patienceMs = 2_000

/**
 * Resolves when a process has ended and all that it wrote has been read: the system tells of the end as soon as it is
 * there, and of the last words in its own time.
 */
export async function endOf(child: ChildProcess): Promise<End> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const [code, signal] = (await once(child, 'exit')) as [End['code'], End['signal']]
  await within('the last words', patienceMs, closed).catch(() => {})
  return { code, signal }
}
