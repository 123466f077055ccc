import type { Channel } from '../channel/channel.ts'
import type { Letter, Post } from './post.ts'

/** What is said about letters on the channel between a worker and the process that has started it. */
const postQuestion = 'post'
const postLetter = 'letter'
const postCount = 'post count'

/** A letter on its way; to all others, if nobody is named. */
interface Posted {
  readonly to: string | undefined
  readonly letter: Letter
}

/** Letters between the workers of one machine, by way of the process that has started them all. */
export class WorkerPost implements Post {
  readonly #channel: Channel
  #others = 0

  /** @param take called with each letter that comes. */
  constructor(channel: Channel, id: string, take: (letter: Letter) => void) {
    this.#channel = channel
    channel.hear(postLetter, take)
    channel.hear(postCount, (others: number) => {
      this.#others = others
    })
    channel.tell(postCount, id)
  }

  get others(): number {
    return this.#others
  }

  send(to: string | undefined, letter: Letter): Promise<number> {
    return this.#channel.ask<number>(postQuestion, { to, letter } satisfies Posted).catch(() => 0)
  }

  async close(): Promise<void> {}
}

/** Where the workers' letters meet: in the process that has started them. */
export class PostOffice {
  readonly #workers = new Map<string, Channel>()

  /** Carries the letters of one more worker, until its channel ends. */
  serve(channel: Channel): void {
    let own: string | undefined
    channel.hear(postCount, (id: string) => {
      own = id
      this.#workers.set(id, channel)
      this.#tellCount()
    })
    channel.answer(postQuestion, ({ to, letter }: Posted) => {
      const others = [...this.#workers].filter(([id]) => id !== own && (to === undefined || id === to))
      for (const [, other] of others) other.tell(postLetter, letter)
      return others.length
    })
    void channel.ended.then(() => {
      if (own !== undefined) this.#workers.delete(own)
      this.#tellCount()
    })
  }

  #tellCount(): void {
    for (const channel of this.#workers.values()) channel.tell(postCount, this.#workers.size - 1)
  }
}
