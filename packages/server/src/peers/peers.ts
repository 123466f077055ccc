/** What one process asks others, and what they answer: JSON. */
export type Message = unknown

/** How a question is answered here; a promise may take a moment, and an error counts as no answer. */
export type Answering = (question: Message) => Message | Promise<Message>

/** The answer of one of the others. */
export interface Answered {
  /** Whose it is. */
  readonly from: string
  readonly answer: Message
}

/**
 * The processes that serve one log together: nodes on one Redis, or workers of one machine. They tell each other
 * what is only known to one of them: who listens there, and which streams are open. Nothing that must not be lost
 * goes this way: a question that is lost has no answer, and whoever asked goes on without it.
 */
export interface Peers {
  /** The name of this process among them: eight characters of base 36, another after each start. */
  readonly id: string
  /** How many others there are, as far as is known. */
  readonly others: number
  /** Says how questions of a kind are answered here. */
  answer(kind: string, answering: Answering): void
  /**
   * Asks all others at once; whoever does not answer within a time, a quarter of a second if nothing is said, is left out.
   * @throws RangeError if the question is too long.
   */
  askAll(kind: string, question: Message, withinMs?: number): Promise<readonly Answered[]>
  /**
   * Asks one of them; `undefined` if it is not there, or does not answer soon.
   * @throws RangeError if the question is too long.
   */
  ask(id: string, kind: string, question: Message): Promise<Message | undefined>
  close(): Promise<void>
}

/**
 * How long to wait for numbers, in milliseconds: whoever reads them can wait, and would take too small a number for
 * the truth.
 */
export const countWithinMs = 1_000

/** The length of a process's name. */
export const peerIdLength = 8
