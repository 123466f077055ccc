import { formatCursor, parseCursor } from '@tidings/protocol'
import { idOf, type Pick } from './correct-history.ts'
import type { History, Publication, Step, StreamHistory } from './history.ts'

type Block = Extract<Step, { kind: 'block' }>

/** Breaks one promise of a correct history; `undefined` if this one offers no place for it. */
export type Bug = (history: History, pick: Pick) => History | undefined

/** One bug of each kind that a server could have. */
export const plantedBugs: { readonly [name: string]: Bug } = {
  'drops an acknowledged event': (history, pick) => {
    const acknowledged = new Set(history.publications.flatMap(acknowledgedIds))
    return changeEvent(
      history,
      pick,
      ({ id }) => acknowledged.has(id!),
      (event) => [heartbeatInstead(event)],
    )
  },
  'repeats an event': (history, pick) =>
    changeEvent(
      history,
      pick,
      () => true,
      (event) => [event, event],
    ),
  'swaps two events': (history, pick) => {
    return changeSteps(history, pick, (steps, at) => {
      const [one, other] = [steps[at], steps[at + 1]]
      if (!isEvent(one) || !isEvent(other)) return undefined
      return steps.with(at, other).with(at + 1, one)
    })
  },
  'delivers what nobody sent': (history, pick) => {
    return changeEvent(
      history,
      pick,
      () => true,
      (event) => [{ ...event, data: '"never sent"' }],
    )
  },
  'delivers what it refused': (history, pick) => {
    const isRefused = ({ attempts }: Publication) =>
      attempts.length > 0 && attempts.every(({ kind }) => kind === 'refused')
    const refused = history.publications.find(isRefused)?.events[0]
    if (refused === undefined) return undefined
    const asRefused = (event: Block) => [
      { ...event, data: refused.data, topic: refused.topic, type: refused.type },
    ]
    return changeEvent(history, pick, () => true, asRefused)
  },
  'shows one number as two events': (history, pick) => {
    return changeEvent(
      history,
      pick,
      ({ id }) => isStored(history, id),
      (event) => {
        const cursor = parseCursor(event.id!)!
        return [{ ...event, id: formatCursor({ ...cursor, tag: 'other' }) }]
      },
    )
  },
  'answers one key with two ids': (history, pick) => {
    return changePublication(history, pick, (publication) => {
      const [first] = acknowledgedIds(publication)
      if (first === undefined) return undefined
      const ids = publication.events.map((_, index) => idOf(parseCursor(first)!.seq + 100 + index))
      return {
        ...publication,
        attempts: [...publication.attempts, { kind: 'acknowledged', ids, isDuplicate: true }],
      }
    })
  },
  'stores one key twice': (history, pick) => {
    return changePublication(history, pick, (publication) => {
      const stored = publication.attempts.find(
        (attempt) => attempt.kind === 'acknowledged' && !attempt.isDuplicate,
      )
      return stored && { ...publication, attempts: [...publication.attempts, stored] }
    })
  },
  'tells of a gap where none is': (history, pick) => {
    return changeEvent(
      history,
      pick,
      () => true,
      (event) => [event, gapAt(event.id!, 'trimmed', history)],
    )
  },
  'says that a good cursor is foreign': (history, pick) => {
    return changeEvent(
      history,
      pick,
      () => true,
      (event) => [event, gapAt(event.id!, 'diverged', history)],
    )
  },
  'keeps quiet about a gap': (history, pick) => {
    return changeSteps(history, pick, (steps, at, stream) => {
      const gap = steps[at]
      if (gap?.kind !== 'block' || gap.type !== 'gap' || stream.topics[0] !== '**') return undefined
      const { from, to } = JSON.parse(gap.data!) as { from: string; to: string }
      // Only if something of it is certain to exist, or if the stream would go on in another epoch.
      const ids = history.publications.flatMap(acknowledgedIds)
      const isCertain =
        parseCursor(from)?.epoch !== parseCursor(to)?.epoch ||
        ids.some((id) => seqOf(id) > seqOf(from) && seqOf(id) <= seqOf(to))
      return isCertain ? steps.toSpliced(at, 1, { kind: 'block', type: 'message', id: to }) : undefined
    })
  },
  'shows an event before it is stored, and loses it': (history, pick) => {
    // The publisher got no answer, one stream saw the event, and after the crash the log does not have it.
    const { stored, trimmedThrough } = history.facts
    const unsure = history.publications.filter(({ attempts }) =>
      attempts.every(({ kind }) => kind === 'unknown'),
    )
    const seen = unsure.flatMap(({ events }) => events.map(({ data }) => data))
    const ids = [...stored!].filter(([, data]) => seen.includes(data)).map(([id]) => id)
    const id = ids[pick(0, Math.max(0, ids.length - 1))]
    const isSeen = history.streams.some(({ steps }) => steps.some((step) => isEvent(step) && step.id === id))
    if (id === undefined || !isSeen) return undefined
    const left = new Map([...stored!].filter(([other]) => other !== id))
    return { ...history, facts: { ...history.facts, trimmedThrough, stored: left } }
  },
  'moves a stream back': (history, pick) => {
    return changeEvent(
      history,
      pick,
      ({ id }) => seqOf(id!) > 1,
      (event) => {
        return [event, { kind: 'block', type: 'message', id: idOf(seqOf(event.id!) - 1) }]
      },
    )
  },
  'changes the type of an event': (history, pick) => {
    return changeEvent(
      history,
      pick,
      () => true,
      (event) => [{ ...event, type: 'changed' }],
    )
  },
  'changes the topic of an event': (history, pick) => {
    return changeEvent(
      history,
      pick,
      () => true,
      (event) => [{ ...event, topic: 'elsewhere' }],
    )
  },
  'leaves out the topic of an event': (history, pick) => {
    return changeEvent(
      history,
      pick,
      () => true,
      (event) => [{ ...event, topic: undefined }],
    )
  },
  'shows a topic that was not asked for': (history, pick) => {
    const acknowledged = history.publications.filter((publication) => acknowledgedIds(publication).length > 0)
    const events = acknowledged.flatMap(({ events }) => events)
    return changeSteps(history, pick, (steps, at, stream) => {
      const step = steps[at]
      if (step?.kind !== 'block' || step.data !== undefined || stream.topics[0] === '**') return undefined
      const data = history.facts.stored!.get(step.id!)
      const event = events.find((candidate) => candidate.data === data)
      return event && steps.with(at, { ...step, type: event.type, topic: event.topic, data: event.data })
    })
  },
}

function isEvent(step: Step | undefined): step is Block {
  return (
    step?.kind === 'block' && step.data !== undefined && (step.type === 'message' || step.type === 'alert')
  )
}

function isStored({ facts }: History, id: string | undefined): boolean {
  return facts.stored!.has(id!)
}

function heartbeatInstead({ id }: Block): Block {
  return { kind: 'block', type: 'message', id }
}

function gapAt(id: string, reason: string, { facts }: History): Block {
  const to = reason === 'trimmed' ? idOf(Math.max(seqOf(id), facts.trimmedThrough) + 1) : id
  return { kind: 'block', type: 'gap', id: to, data: JSON.stringify({ reason, from: id, to, missed: 1_000 }) }
}

function acknowledgedIds({ attempts }: Publication): readonly string[] {
  return attempts.find((attempt) => attempt.kind === 'acknowledged')?.ids ?? []
}

function seqOf(id: string): number {
  return parseCursor(id)!.seq
}

function changeEvent(
  history: History,
  pick: Pick,
  isFit: (event: Block) => boolean,
  change: (event: Block) => Step[],
): History | undefined {
  return changeSteps(history, pick, (steps, at) => {
    const step = steps[at]
    return isEvent(step) && isFit(step) ? steps.toSpliced(at, 1, ...change(step)) : undefined
  })
}

/** Changes one stream at one of the places where `change` offers to. */
function changeSteps(
  history: History,
  pick: Pick,
  change: (steps: readonly Step[], at: number, stream: StreamHistory) => readonly Step[] | undefined,
): History | undefined {
  const places = history.streams.flatMap((stream, index) => stream.steps.map((_, at) => ({ index, at })))
  return firstFrom(places, pick, ({ index, at }) => {
    const stream = history.streams[index]!
    const steps = change(stream.steps, at, stream)
    return steps && { ...history, streams: history.streams.with(index, { ...stream, steps }) }
  })
}

function changePublication(
  history: History,
  pick: Pick,
  change: (publication: Publication) => Publication | undefined,
): History | undefined {
  return firstFrom([...history.publications.entries()], pick, ([index, publication]) => {
    const changed = change(publication)
    return changed && { ...history, publications: history.publications.with(index, changed) }
  })
}

/** What the first place offers that offers something, counted from a picked one and round to it. */
function firstFrom<Place>(
  places: readonly Place[],
  pick: Pick,
  offer: (place: Place) => History | undefined,
): History | undefined {
  const start = pick(0, Math.max(0, places.length - 1))
  for (let step = 0; step < places.length; step++) {
    const offered = offer(places[(start + step) % places.length]!)
    if (offered !== undefined) return offered
  }
  return undefined
}
