import { nowMicros, payload } from '../payload.ts'
import { eventsBody } from '../servers/contender.ts'
import { Caller } from './caller.ts'
import { postRequest } from './request.ts'

/** What one request may carry. */
const eventsPerRequest = 1_000

/**
 * Publishes many events to Tidings, one request after the other.
 * @returns the id of the last event of each request, in order.
 */
export async function preload(port: number, topic: string, events: number): Promise<string[]> {
  const caller = await Caller.open(port)
  const ids: string[] = []
  try {
    for (let left = events; left > 0; left -= eventsPerRequest) {
      const payloads = new Array<string>(Math.min(left, eventsPerRequest)).fill(payload(nowMicros()))
      const { status, body } = await caller.call(postRequest('/api/events', eventsBody(payloads, topic)))
      if (status !== 201) throw new Error(`a publish was answered ${status}: ${body.toString()}`)
      ids.push((JSON.parse(body.toString()) as { ids: string[] }).ids.at(-1)!)
    }
    return ids
  } finally {
    caller.close()
  }
}
