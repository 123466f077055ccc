import { expect } from 'vitest'
import type { SseReader } from '../support/sse-reader.ts'

/** What readers were told of what they missed. */
export interface Told {
  /** What each of their gaps said, at least; they had none, if absent. */
  readonly gaps?: readonly object[]
  /** How often each of them connected; as often as it liked, if absent. */
  readonly connections?: number
}

/** Expects that each of some readers was told this, and no more, and closes them. */
export function expectTold(readers: readonly SseReader[], { gaps = [], connections }: Told = {}): void {
  for (const reader of readers) {
    const { name } = reader.options
    expect(reader.said('gap'), name).toHaveLength(gaps.length)
    expect(reader.said('gap'), name).toMatchObject(gaps)
    if (connections !== undefined) expect(reader.connections, name).toBe(connections)
    reader.close()
  }
}
