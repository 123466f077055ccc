import { type NewEvent, randomBase36, tagLength } from '@tidings/protocol'
import type { StoredEvent } from '../event-log.ts'

/** The form of a value is described in lua/log.lua: tag, format, time, topic, LF, type, LF, payload. */
const timeAt = tagLength + 1
const timeDigits = 13
const topicAt = timeAt + timeDigits

/** An event as append.lua takes it: its tag and format; its topic; topic, type and payload. */
export function entryArgs({ topic, type, format, payload }: NewEvent, tag: string): string[] {
  return [`${tag}${format === 'json' ? 'j' : 't'}`, topic, `${topic}\n${type}\n${payload}`]
}

/** A fresh tag for each of some events. */
export function newTags(count: number): string[] {
  const all = randomBase36(tagLength * count)
  return Array.from({ length: count }, (_, index) => all.slice(index * tagLength, (index + 1) * tagLength))
}

/** Reads the event of a number from its value. */
export function readEntry(seq: number, value: string): StoredEvent {
  const topicEnd = value.indexOf('\n', topicAt)
  const typeEnd = value.indexOf('\n', topicEnd + 1)
  return {
    seq,
    tag: value.slice(0, tagLength),
    time: Number(value.slice(timeAt, topicAt)),
    topic: value.slice(topicAt, topicEnd),
    type: value.slice(topicEnd + 1, typeEnd),
    format: value[tagLength] === 'j' ? 'json' : 'text',
    payload: value.slice(typeEnd + 1),
  }
}
