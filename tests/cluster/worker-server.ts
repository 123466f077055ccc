import { readdir, readFile } from 'node:fs/promises'
import type { Settings } from '../../packages/server/src/config/settings.ts'
import { type FreshAnswer, freshRequest } from '../support/fresh-request.ts'
import { ServerProcess } from '../support/server-process.ts'
import { type ReaderOptions, SseReader } from '../support/sse-reader.ts'
import { until } from '../support/until.ts'

/** A server that runs as several processes, and what tests ask of it. */

/** So many connections reach both of two workers: that one gets none happens once in a million times. */
export const enough = 20

/** Starts a server with two workers, and waits for both: one alone is ready, too. */
export async function startWorkers(settings: Partial<Settings> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ settings: { workers: 2, heartbeatMs: 200, ...settings } })
  await areUp(server, 2)
  return server
}

export async function areUp({ port }: ServerProcess, workers: number): Promise<void> {
  await until('all workers to be up', async () =>
    (await askAll(port, '/api/stats')).every(({ json }) => json.nodes?.length === workers),
  )
}

/** Asks so often that every worker is asked, and returns all answers. */
export function askAll(port: number, path: string, more: object = {}): Promise<FreshAnswer[]> {
  return Promise.all(Array.from({ length: enough }, () => freshRequest({ port, path, ...more })))
}

/** What a user shows who may read these topics. */
export async function bearerOf(
  port: number,
  user: string,
  subscribe: readonly string[],
): Promise<{ readonly authorization: string }> {
  const { json } = await freshRequest({
    port,
    method: 'POST',
    path: '/api/tokens',
    body: { user, subscribe },
  })
  return { authorization: `Bearer ${json.token}` }
}

export function openReaders(
  port: number,
  topics: readonly string[],
  options: Partial<ReaderOptions> = {},
): Promise<SseReader[]> {
  return Promise.all(
    Array.from({ length: enough }, (_, index) =>
      SseReader.open({ port, topics, name: `reader ${index}`, ...options }),
    ),
  )
}

/** The name of the worker that has a reader's stream. */
function workerOf(reader: SseReader): string {
  return clientIdOf(reader).slice(0, 8)
}

export function clientIdOf(reader: SseReader): string {
  return reader.said('connected').at(-1)!.clientId as string
}

export function countWorkers(readers: readonly SseReader[]): number {
  return new Set(readers.map(workerOf)).size
}

export function closeAll(readers: readonly SseReader[]): void {
  for (const reader of readers) reader.close()
}

/** The pids of the workers, by the system's own books. */
export async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // After the command's name, which may hold anything: state and parent.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) found.push(Number(name))
  }
  return found
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
