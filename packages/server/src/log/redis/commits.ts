import { hash } from 'node:crypto'
import type { Cursor, NewEvent } from '@tidings/protocol'
import type { Appended } from '../event-log.ts'
import { Gathering, type Pending } from '../gathering.ts'
import { idempotencyMismatch } from '../refusals.ts'
import { entryArgs, newTags } from './entry.ts'

/** What append.lua answers: the epoch, and what became of each append. */
export type AppendReply = readonly [epoch: string, results: readonly AppendResult[]]

type AppendResult =
  | readonly ['stored', first: string]
  | readonly ['mismatch']
  | readonly ['duplicate', epoch: string, first: string, tags: string]

/** A commit that Redis has taken: the tags of each append, and its answer. */
interface Stored {
  readonly tags: readonly (readonly string[])[]
  readonly reply: AppendReply
}

/** What commits need of the log. */
export interface CommitsOptions {
  /**
   * Runs append.lua.
   * @param args from the number of appends on.
   */
  store(args: readonly string[]): Promise<AppendReply>
  /** Resolves when what was stored may be acknowledged. */
  stored(last: Cursor): Promise<void>
}

/** Events in one commit: Redis does nothing else meanwhile, for some ten milliseconds. */
const commitEvents = 2_000

/** Stores appends in groups: while one call to Redis is under way, the next gathers. */
export class Commits {
  readonly #options: CommitsOptions
  readonly #gathering = new Gathering(commitEvents)
  #isCommitting = false
  #done: Promise<void> = Promise.resolve()

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  /** Resolves when everything that was added has been stored or refused. */
  get done(): Promise<void> {
    return this.#done
  }

  /** @throws TidingsError `overloaded` */
  add(pending: Pending): void {
    this.#gathering.add(pending)
    if (this.#isCommitting) return
    this.#isCommitting = true
    this.#done = this.#commitAll()
  }

  async #commitAll(): Promise<void> {
    const acknowledged = new Set<Promise<void>>()
    while (!this.#gathering.isEmpty) {
      await this.#gathering.ripen()
      const pending = this.#gathering.take()
      const stored = await this.#commit(pending)
      if (stored !== undefined) {
        const settled: Promise<void> = this.#settle(pending, stored).finally(() =>
          acknowledged.delete(settled),
        )
        acknowledged.add(settled)
      }
      this.#gathering.expect()
    }
    this.#isCommitting = false
    await Promise.all(acknowledged)
  }

  /** @returns what was stored; `undefined` if that is refused, and all have been told. */
  async #commit(pending: readonly Pending[]): Promise<Stored | undefined> {
    const tags = pending.map(({ events }) => newTags(events.length))
    const groups = pending.flatMap(({ events, key = '' }) => [
      key,
      key && hashOf(events),
      String(events.length),
    ])
    const entries = pending.flatMap(({ events }, group) =>
      events.flatMap((event, index) => entryArgs(event, tags[group]![index]!)),
    )
    try {
      const reply = await this.#options.store([String(pending.length), ...groups, ...entries])
      return { tags, reply }
    } catch (error) {
      for (const { reject } of pending) reject(error as Error)
      return undefined
    }
  }

  /** Answers all; the next commit does not wait for that. */
  async #settle(pending: readonly Pending[], { tags, reply }: Stored): Promise<void> {
    const [epoch, results] = reply
    const answers = results.map((result, group) => appended(result, epoch, tags[group]!))
    const last = answers.findLast((answer) => answer?.isDuplicate === false)?.cursors.at(-1)
    if (last !== undefined) await this.#options.stored(last)
    for (const [group, answer] of answers.entries()) {
      if (answer === undefined) pending[group]!.reject(idempotencyMismatch())
      else pending[group]!.resolve(answer)
    }
  }
}

/** The answer to one append; `undefined` if its key was used for other events. */
function appended(result: AppendResult, epoch: string, tags: readonly string[]): Appended | undefined {
  if (result[0] === 'mismatch') return undefined
  if (result[0] === 'stored') return { cursors: cursorsOf(epoch, result[1], tags), isDuplicate: false }
  const [, earlierEpoch, first, earlierTags] = result
  return { cursors: cursorsOf(earlierEpoch, first, earlierTags.match(/.{5}/g) ?? []), isDuplicate: true }
}

function cursorsOf(epoch: string, first: string, tags: readonly string[]): Cursor[] {
  return tags.map((tag, index) => ({ epoch, seq: Number(first) + index, tag }))
}

function hashOf(events: readonly NewEvent[]): string {
  const texts = events.map(({ topic, type, format, payload }) =>
    JSON.stringify([topic, type, format, payload]),
  )
  return hash('sha256', texts.join('\n'), 'base64')
}
