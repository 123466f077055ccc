import type { PublishShape } from '../load/publisher.ts'
import { postRequest } from '../load/request.ts'
import type { Wire } from '../load/wire.ts'
import type { ServerProcess } from './server-process.ts'

export interface StartOptions {
  /** An empty folder, or one that the same contender has left. */
  readonly data: string
  /** Write a CPU profile into this folder when the server ends. */
  readonly profileTo?: string | undefined
}

/** One of the servers that are measured side by side. */
export interface Contender {
  /** What `--server` calls it. */
  readonly name: string
  /** What the table calls it. */
  readonly label: string
  readonly shape: PublishShape
  readonly streamPath: string
  /** What carries its streams; `plain`, if absent. */
  readonly wire?: Wire
  /** Over HTTP/2: how many streams share a session. */
  readonly streamsPerSession?: number
  /** What stream number `index` shows, if it has to show anything. */
  readonly authorization?: (index: number) => string
  /** Its own version and what it runs on. */
  version(): string
  /** Why it cannot run on this machine, and what would help; `undefined` if it can. */
  obstacle(): string | undefined
  start(options: StartOptions): Promise<ServerProcess>
}

/** The topic that everybody listens to. */
export const topic = 'bench'

/** Publishing as Tidings has it, which the peers' programs copy: a JSON array of events. */
export function jsonShape(path: string, eventsPerRequest = 1_000): PublishShape {
  return {
    eventsPerRequest,
    request: (payloads) => postRequest(path, eventsBody(payloads)),
  }
}

/** A body that publishes these payloads, given as JSON, to a topic. */
export function eventsBody(payloads: readonly string[], to = topic): string {
  return `[${payloads.map((data) => `{"topic":"${to}","data":${data}}`).join(',')}]`
}
