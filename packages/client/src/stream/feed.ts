import type { ConnectOptions } from '../options.ts'
import type { Status } from '../status.ts'
import type { Block } from './block.ts'
import type { Beginning, LinkStatus } from './link.ts'

/** What brings blocks to a stream: a link of its own, or one that several tabs share. */
export interface Feed {
  readonly status: LinkStatus
  readonly role: Status['role']
  tell(type: 'open' | 'pause' | 'resume' | 'reconnect'): void
  /** Resolves when the open stream has them; rejects if the server refuses one. */
  add(topics: readonly string[]): Promise<void>
  remove(topics: readonly string[]): void
  /** Resolves when nothing is called any more. */
  close(): Promise<void>
}

/** Who hears of a feed. */
export interface FeedListener {
  /** Each block, in order; a promise is waited for before the next one. */
  onBlock(block: Block): Promise<void> | undefined
  /** `status` or `role` is another. */
  onChange(): void
}

/** Makes a feed. */
export type OpenFeed = (options: ConnectOptions, beginning: Beginning, listener: FeedListener) => Feed
