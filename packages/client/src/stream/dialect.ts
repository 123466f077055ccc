import type { Message } from '../parser.ts'
import type { Block, ControlBlock } from './block.ts'

const controlFields = {
  connected: 'heartbeatMs',
  live: 'cursor',
  gap: 'reason',
  expiring: 'expiresInMs',
  goodbye: 'retryMs',
} as const

/**
 * Tells the control events of a Tidings server from events that bear the same names elsewhere. A stream is a Tidings
 * stream if it begins with `connected` as PROTOCOL §5.4 has it, or with `goodbye` if it is refused (§5.6); on every
 * other one all names are the application's.
 */
export class Dialect {
  /** Whether this is a Tidings stream; `undefined` until something has arrived. */
  isTidings: boolean | undefined
  /** Whether the link has taken notice of it. */
  isKnown = false
  /** Whether what arrives was missed before. */
  isBehind: boolean

  constructor(isBehind: boolean) {
    this.isBehind = isBehind
  }

  /** What a message is. */
  read({ type, data, id, lastEventId: place, topic, timeMs }: Message): Block {
    if (this.isTidings !== false && Object.hasOwn(controlFields, type)) {
      const control = readControl(type as ControlBlock['type'], data, place)
      if (control !== undefined) {
        this.isTidings ??= type === 'connected' || type === 'goodbye'
        if (this.isTidings) return control
      }
    }
    this.isTidings ??= false
    const isReplayed = this.isBehind && this.isTidings
    return {
      kind: 'event',
      type,
      text: data,
      id: id ?? '',
      topic,
      timeMs: timeMs ?? Date.now(),
      isReplayed,
      place,
    }
  }
}

function readControl(type: ControlBlock['type'], text: string, place: string): ControlBlock | undefined {
  try {
    const value = JSON.parse(text)
    // Only Tidings says which field there must be: a stream with an event of the same name is not taken for one.
    return controlFields[type] in value ? { kind: 'control', type, value, place } : undefined
  } catch {
    return undefined
  }
}
