import type { Trouble } from '../status.ts'
import type { Block } from '../stream/block.ts'
import type { LinkStatus } from '../stream/link.ts'

/**
 * What tabs say to each other. Each leader has a *reign*, a number greater than those before it: what an earlier one says
 * late, because it was frozen, does not count.
 */
export type Message =
  | Here
  | Gone
  | News
  | Blocks
  | Answer
  | { readonly type: 'ping' }
  | { readonly type: 'reconnect' }

/** A tab is here, and wants these topics. The leader answers the request when they arrive. */
export interface Here {
  readonly type: 'here'
  readonly tab: string
  readonly topics: readonly string[]
  readonly request: number
}

/** A tab takes part no more. */
interface Gone {
  readonly type: 'gone'
  readonly tab: string
}

/** From the leader: how the connection is, and where the stream stands. */
export interface News {
  readonly type: 'news'
  readonly reign: number
  readonly place: string
  readonly status: LinkStatus
}

/** From the leader: what arrived after a place. */
export interface Blocks {
  readonly type: 'blocks'
  readonly reign: number
  readonly after: string
  readonly blocks: readonly Block[]
}

/** From the leader: all topics of that request arrive from now on, but for those that the server refuses. */
export interface Answer {
  readonly type: 'answer'
  readonly tab: string
  readonly request: number
  readonly refused: readonly string[]
  readonly trouble: Trouble | undefined
}
