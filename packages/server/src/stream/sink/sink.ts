import type { Frame } from '../../hub/frame.ts'

/** Where a connection's bytes go: the open response, whatever carries it. */
export interface Sink {
  /**
   * Writes a frame.
   * @returns whether there is room for more. If not, `onRoom` is called once there is.
   */
  write(frame: Frame): boolean
  /** Writes a last frame, if given, and ends the response in order. */
  end(frame?: Frame): void
  /** Cuts the response off at once. */
  destroy(): void
}

/** Who is told what happens to a sink. */
export interface SinkOwner {
  /** There is room again after a `write` that said there was not. */
  onRoom(): void
  /** The response is over, by whichever end. Called once; nothing is called after it. */
  onClose(): void
}
