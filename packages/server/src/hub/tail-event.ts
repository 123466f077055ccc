import { encodeBlock, formatCursor } from '@tidings/protocol'
import type { StoredEvent } from '../log/event-log.ts'
import { Frame } from './frame.ts'

/** What an event in memory costs besides its payload: the object, its buffer's header, its place in two lists. */
const overheadBytes = 320

/** An event in memory. Its bytes are made when somebody first wants them, and then shared by all who do. */
export class TailEvent {
  readonly seq: number
  readonly tag: string
  readonly topic: string
  readonly type: string
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
    this.bytes = Buffer.byteLength(event.payload) + overheadBytes
    this.#epoch = epoch
    this.#payload = event.payload
  }

  /** The event as it goes over the wire. */
  get frame(): Frame {
    if (this.#frame === undefined) {
      const id = formatCursor({ epoch: this.#epoch, seq: this.seq, tag: this.tag })
      this.#frame = Frame.of(encodeBlock({ id, type: this.type, data: this.#payload }), 1)
      this.#payload = ''
    }
    return this.#frame
  }
}
