import { Parser } from '@tidings/client/parser'
import { createParser } from 'eventsource-parser'
import type { Stream } from './streams.ts'

/** What a parser found in a stream: the same for all, or they did not do the same. */
export interface Found {
  readonly events: number
  /** Characters of all data. */
  readonly characters: number
  /** The last message: a compiler leaves out the making of objects that nobody ever keeps. */
  readonly last: unknown
}

/** One of those that are compared. */
export interface Contestant {
  readonly name: string
  parse(stream: Stream): Found
}

/**
 * Tidings first, then its peer. The parser inside the package `eventsource` is no third one: it is `eventsource-parser`.
 */
export const contestants: readonly Contestant[] = [
  {
    name: 'tidings',
    parse({ pieces }) {
      let events = 0
      let characters = 0
      let last: unknown
      const parser = new Parser({
        onMessage(message) {
          events++
          characters += message.data.length
          last = message
        },
      })
      for (const piece of pieces) parser.feed(piece)
      return { events, characters, last }
    },
  },
  {
    name: 'eventsource-parser',
    parse({ pieces }) {
      let events = 0
      let characters = 0
      let last: unknown
      const parser = createParser({
        onEvent(message) {
          events++
          characters += message.data.length
          last = message
        },
      })
      for (const piece of pieces) parser.feed(piece)
      return { events, characters, last }
    },
  },
]
