import type { Block } from '../stream/block.ts'
import type { LinkStatus } from '../stream/link.ts'
import type { Answer } from '../stream/topics.ts'

/** What tabs say to each other. */
export type Message = Here | News | { readonly type: 'ping' | 'reconnect' | 'awake' }

/** A tab is here, and wants these topics; or, without any, takes part no more. */
interface Here {
  readonly type: 'here'
  readonly tab: string
  readonly topics: readonly string[] | undefined
}

/**
 * From the leader: what arrived after a place. Each leader has a *reign*, a number greater than those before it: what an
 * earlier one says late, because it was frozen, does not count.
 */
export interface News {
  readonly type: 'news'
  readonly reign: number
  readonly after: string
  readonly blocks: readonly Block[]
  /** How things are after that, if they are otherwise than before. */
  readonly condition: Condition | undefined
}

/** How the leader's connection is, and what became of each topic that a tab wants. */
export interface Condition {
  readonly status: LinkStatus
  readonly topics: ReadonlyMap<string, Answer>
}
