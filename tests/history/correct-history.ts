import { formatCursor } from '@tidings/protocol'
import type { History, Outcome, Publication, SentEvent, Step, StreamHistory } from './history.ts'

/** A whole number from `min` to `max`, both included. */
export type Pick = (min: number, max: number) => number

/** The one epoch of made-up histories. */
export const epoch = 'epochepoch'

const topics = ['orders/1', 'orders/2', 'broadcast'] as const
const subscriptions = [['orders/*'], ['broadcast'], ['orders/1', 'broadcast'], ['**']] as const

/** An event of the made-up log, at its number. */
interface Stored extends SentEvent {
  readonly seq: number
}

/** The id of a number in made-up histories. */
export function idOf(seq: number): string {
  const tag = seq === 0 ? '00000' : (seq + 46_655_000).toString(36).padStart(5, '0').slice(-5)
  return formatCursor({ epoch, seq, tag })
}

/** Makes up a history in which every promise is kept: what a server without faults leaves behind. */
export function correctHistory(pick: Pick): History {
  const stored: Stored[] = []
  const publications = Array.from({ length: pick(5, 40) }, (_, index) => publish(pick, index, stored))
  const trimmedThrough = pick(0, 2) === 0 ? pick(0, Math.max(0, stored.length - 3)) : 0
  const streams = Array.from({ length: pick(1, 6) }, (_, index) =>
    listen(pick, index, stored, trimmedThrough),
  )
  return {
    publications,
    streams,
    facts: {
      epochs: [epoch],
      trimmedThrough,
      stored: new Map(stored.slice(trimmedThrough).map((event) => [idOf(event.seq), event.data])),
    },
  }
}

function publish(pick: Pick, index: number, stored: Stored[]): Publication {
  const key = `key-${index}`
  const events = Array.from({ length: pick(1, 3) }, (_, at): SentEvent => {
    return {
      topic: topics[pick(0, 2)]!,
      type: pick(0, 1) === 0 ? 'message' : 'alert',
      data: `"${key}/${at}"`,
    }
  })
  // Refused, lost on the way there, lost on the way back, answered, and answered at the second attempt.
  const fate = pick(0, 9)
  if (fate === 0) return { key, events, attempts: [{ kind: 'refused', status: 507 }] }
  if (fate === 1) return { key, events, attempts: [{ kind: 'unknown' }] }
  const ids = events.map((event) => {
    stored.push({ ...event, seq: stored.length + 1 })
    return idOf(stored.length)
  })
  if (fate === 2) return { key, events, attempts: [{ kind: 'unknown' }] }
  const acknowledged: Outcome = { kind: 'acknowledged', ids, isDuplicate: false }
  if (fate > 3) return { key, events, attempts: [acknowledged] }
  return { key, events, attempts: [{ kind: 'unknown' }, { ...acknowledged, isDuplicate: true }] }
}

/** Reads the made-up log as one client, with interruptions, heartbeats, and a gap where the log was trimmed. */
function listen(pick: Pick, index: number, stored: readonly Stored[], trimmedThrough: number): StreamHistory {
  const wanted = subscriptions[pick(0, 3)]!
  const matches = ({ topic }: Stored) => {
    return wanted.some((pattern) => pattern === '**' || pattern === topic || isOrder(pattern, topic))
  }
  const isSettled = pick(0, 3) > 0
  const start = pick(0, stored.length)
  const end = isSettled ? stored.length : pick(start, stored.length)
  const steps: Step[] = pick(0, 1) === 0 ? [opened(start)] : [{ kind: 'opened' }]
  steps.push({ kind: 'block', type: 'connected', id: idOf(start), data: '{}' })
  for (let at = start; at < end; at++) {
    // Trimmed away while it was elsewhere.
    if (at < trimmedThrough && pick(0, 4) === 0) {
      const gap = { reason: 'trimmed', from: idOf(at), to: idOf(trimmedThrough), missed: trimmedThrough - at }
      steps.push({ kind: 'closed' }, opened(at))
      steps.push({ kind: 'block', type: 'gap', id: gap.to, data: JSON.stringify(gap) })
      at = trimmedThrough - 1
      continue
    }
    const event = stored[at]!
    // Every place that the stream passes is told, as a heartbeat does: so it can come back with any of them.
    const { seq, type, topic, data } = event
    if (matches(event)) steps.push({ kind: 'block', id: idOf(seq), type, topic, data })
    else steps.push({ kind: 'block', type: 'message', id: idOf(event.seq) })
    if (pick(0, 6) === 0) steps.push({ kind: 'closed' }, opened(event.seq))
  }
  return { name: `stream-${index}`, topics: wanted, steps, isSettled }
}

function isOrder(pattern: string, topic: string): boolean {
  return pattern === 'orders/*' && topic.startsWith('orders/')
}

function opened(seq: number): Step {
  return { kind: 'opened', lastEventId: idOf(seq) }
}
