import type { Durability } from '@tidings/protocol'
import type { Mode } from '../../auth/authenticator.ts'
import type { Settings } from '../../config/settings.ts'

/** The question that starts a worker's server; it is answered when the worker listens. */
export const startQuestion = 'start'

/** What a worker asks when it could listen; the answer means that it should. */
export const turnQuestion = 'turn'

/** What a worker is asked again and again: whether it still answers. */
export const pulseQuestion = 'pulse'

/** What a worker is told: to end in order, and to read the files of the certificate again. */
export const closeWord = 'close'
export const renewWord = 'renew certificate'

/** What a worker is started with. */
export interface WorkerOrder {
  /** Its number, from 1; one that takes the place of another has the same. */
  readonly worker: number
  /** Names all workers of this server. */
  readonly crew: string
  /** With the port that all listen on; 0 for the first, if it is to find one. */
  readonly settings: Settings
  /** Whether the process that has started it owns the log, the tickets and the post. */
  readonly isServed: boolean
}

/** How the start went. */
export type WorkerStart =
  | {
      readonly isUp: true
      readonly url: string
      readonly port: number
      readonly mode: Mode
      readonly durability: Durability
    }
  | { readonly isUp: false; readonly exitCode: number; readonly message: string }
