import { randomBase36 } from '@tidings/protocol'
import { type Answered, type Answering, type Message, type Peers, peerIdLength } from './peers.ts'
import type { Letter, Post } from './post.ts'

/** How long to wait for the answers of all others, in milliseconds: one of them may be stopped, or dying. */
const allAnswerMs = 250

/** The same for the one who knows: it may have to read for its answer. */
const oneAnswersMs = 5_000

/** Questions that may be open at once; beyond it, nobody is asked. */
const mostQuestions = 10_000

/** A question that waits for its answers. */
interface Open {
  readonly answers: Answered[]
  /** How many have answered, also with nothing. */
  replies: number
  /** How many will; unknown until the letter is on its way. */
  expected: number | undefined
  readonly done: () => void
}

/** Questions and answers between processes, whatever carries them. */
export class Correspondence implements Peers {
  readonly id = randomBase36(peerIdLength)
  readonly #post: Post
  readonly #answerings = new Map<string, Answering>()
  readonly #open = new Map<number, Open>()
  #lastNumber = 0

  /** @param openPost makes what carries letters; it hands over those that come to this process. */
  constructor(openPost: (id: string, take: (letter: Letter) => void) => Post) {
    this.#post = openPost(this.id, (letter) => this.#take(letter))
  }

  get others(): number {
    return this.#post.others
  }

  answer(kind: string, answering: Answering): void {
    this.#answerings.set(kind, answering)
  }

  async askAll(kind: string, question: Message, withinMs = allAnswerMs): Promise<readonly Answered[]> {
    return this.others === 0 ? [] : this.#ask(undefined, kind, question, withinMs)
  }

  async ask(id: string, kind: string, question: Message): Promise<Message | undefined> {
    const [answered] = await this.#ask(id, kind, question, oneAnswersMs)
    return answered?.answer
  }

  async close(): Promise<void> {
    for (const { done } of this.#open.values()) done()
    await this.#post.close()
  }

  async #ask(
    to: string | undefined,
    about: string,
    question: Message,
    patienceMs: number,
  ): Promise<readonly Answered[]> {
    if (this.#open.size >= mostQuestions) return []
    const number = ++this.#lastNumber
    const { promise, resolve } = Promise.withResolvers<void>()
    const open: Open = { answers: [], replies: 0, expected: undefined, done: resolve }
    this.#open.set(number, open)
    const timer = setTimeout(resolve, patienceMs)
    try {
      open.expected = await this.#post.send(to, { kind: 'question', from: this.id, number, about, question })
      if (open.replies < open.expected) await promise
      return open.answers
    } finally {
      clearTimeout(timer)
      this.#open.delete(number)
    }
  }

  #take(letter: Letter): void {
    // What was sent to all comes back to its sender too.
    if (letter.from === this.id) return
    if (letter.kind === 'question') return void this.#reply(letter)
    const open = this.#open.get(letter.number)
    if (open === undefined) return
    if (letter.answer !== undefined) open.answers.push({ from: letter.from, answer: letter.answer })
    open.replies++
    if (open.expected !== undefined && open.replies >= open.expected) open.done()
  }

  async #reply({ from, number, about, question }: Extract<Letter, { kind: 'question' }>): Promise<void> {
    const own = { kind: 'answer', from: this.id, number } as const
    try {
      const answer = await this.#answerings.get(about)?.(question)
      await this.#post.send(from, { ...own, answer })
    } catch {
      // An error counts as no answer, and so does one that is too long to be sent.
      await this.#post.send(from, own).catch(() => {})
    }
  }
}
