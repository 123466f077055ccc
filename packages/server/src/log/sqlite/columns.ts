import { randomBase36, tagLength } from '@tidings/protocol'
import type { Pending } from '../gathering.ts'
import type { Columns } from './messages.ts'

/** What crosses to the writer's thread: every event with the tag and the time that it will have. */
export function columnsOf(pending: readonly Pending[]): Columns {
  const columns: Columns = { topic: [], tag: [], time: [], type: [], format: [], payload: [] }
  for (const { events, time } of pending) {
    for (const event of events) {
      columns.topic.push(event.topic)
      columns.tag.push(randomBase36(tagLength))
      columns.time.push(time)
      columns.type.push(event.type)
      columns.format.push(event.format)
      columns.payload.push(event.payload)
    }
  }
  return columns
}
