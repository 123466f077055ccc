import type { Connected, Expiring, Gap, Goodbye, Live } from '@tidings/protocol'

/** What each control event brings (PROTOCOL §5.4). */
interface ControlData {
  readonly connected: Connected
  readonly live: Live
  readonly gap: Gap
  readonly expiring: Expiring
  readonly goodbye: Goodbye
}

/** An event as it came over the wire. Plain data: tabs send it to each other. */
export interface EventBlock {
  readonly kind: 'event'
  readonly type: string
  readonly text: string
  /** Its own id; the empty string if it has none. */
  readonly id: string
  readonly topic: string | undefined
  readonly timeMs: number
  readonly isReplayed: boolean
  /** Where the stream stands once this is handled. */
  readonly place: string
}

/** What the server says of the stream itself. */
export type ControlBlock = {
  [Type in keyof ControlData]: {
    readonly kind: 'control'
    readonly type: Type
    readonly value: ControlData[Type]
    readonly place: string
  }
}[keyof ControlData]

/** Nothing for the application, but the stream has moved on (PROTOCOL §5.5). */
interface PlaceBlock {
  readonly kind: 'place'
  readonly place: string
}

/** What a connection brings, in order. */
export type Block = EventBlock | ControlBlock | PlaceBlock
