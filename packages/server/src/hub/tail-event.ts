import { encodeBlock, formatCursor } from '@tidings/protocol'
import type { StoredEvent } from '../log/event-log.ts'
import { Frame } from './frame.ts'

/**
 * What an event in memory costs besides its payload and its topic: the object, its buffer's header, its place in two
 * lists, the other fields of its block.
 */
const overheadBytes = 320

/** An event in memory. Its bytes are made when somebody first wants them, and then shared by all who do. */
export class TailEvent {
  readonly seq: number
  readonly tag: string
  readonly topic: string
  readonly type: string
  readonly timeMs: number
  /** What it counts for in the bounds of memory. */
  readonly bytes: number
  readonly #epoch: string
  #payload: string
  #frame: Frame | undefined

  constructor(event: StoredEvent, epoch: string) {
    this.seq = event.seq
    this.tag = event.tag
    this.topic = event.topic
    this.type = event.type
    this.timeMs = event.time
    this.bytes = Buffer.byteLength(event.payload) + event.topic.length + overheadBytes
    this.#epoch = epoch
    this.#payload = event.payload
  }

  /** The event as it goes over the wire. */
  get frame(): Frame {
    if (this.#frame === undefined) {
      const { seq, tag, topic, type, timeMs } = this
      const id = formatCursor({ epoch: this.#epoch, seq, tag })
      this.#frame = Frame.of(encodeBlock({ id, type, topic, timeMs, data: this.#payload }), 1)
      this.#payload = ''
    }
    return this.#frame
  }
}
