import type { Status } from '../status.ts'
import type { Block } from './block.ts'
import type { Beginning, LinkStatus } from './link.ts'
import type { Settings } from './settings.ts'
import type { Answer } from './topics.ts'

/** What brings blocks to a stream: a link of its own, or one that several tabs share. */
export interface Feed {
  readonly status: LinkStatus
  readonly role: Status['role']
  tell(type: 'open' | 'pause' | 'resume' | 'reconnect'): void
  add(topics: readonly string[]): void
  /** What became of a topic that was added; `onChange` is called when it is known. */
  answer(topic: string): Answer
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
export type OpenFeed = (options: Settings, beginning: Beginning, listener: FeedListener) => Feed
