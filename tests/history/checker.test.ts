import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory } from './checker.ts'
import { correctHistory, epoch, idOf, type Pick } from './correct-history.ts'
import type { History, Invariant, Publication, Step, StreamHistory } from './history.ts'
import { type Bug, plantedBugs } from './planted-bug.ts'
import { checkConduct, checkResources } from './resources.ts'

/** Which promise each planted bug breaks first of all. */
const expected: { readonly [bug: string]: readonly Invariant[] } = {
  'drops an acknowledged event': ['I1'],
  'repeats an event': ['I2'],
  'swaps two events': ['I2'],
  'delivers what nobody sent': ['I3'],
  'delivers what it refused': ['I3'],
  'shows one number as two events': ['I4'],
  'answers one key with two ids': ['I5'],
  'stores one key twice': ['I5'],
  'tells of a gap where none is': ['I10'],
  'says that a good cursor is foreign': ['I10'],
  'keeps quiet about a gap': ['I1'],
  'shows an event before it is stored, and loses it': ['I4'],
  'moves a stream back': ['I2'],
  'changes the type of an event': ['I4'],
  'changes the topic of an event': ['I4'],
  'leaves out the topic of an event': ['I4'],
  'shows a topic that was not asked for': ['I3'],
}

function pickFrom(generate: fc.GeneratorValue): Pick {
  return (min, max) => generate(fc.integer, { min, max })
}

describe('a history in which every promise is kept', () => {
  it('passes, whatever its publishers and streams went through', () => {
    const property = fc.property(fc.gen(), (generate) => {
      expect(checkHistory(correctHistory(pickFrom(generate)))).toEqual([])
    })
    fc.assert(property, { numRuns: 500 })
  })
})

describe('one planted bug in a correct history is seen: the server', () => {
  for (const [name, bug] of Object.entries(plantedBugs)) {
    it(name, () => {
      const found = findBug(bug, name)
      // A bug that no history has room for would make this test pass without looking.
      expect(found).toBeGreaterThan(5)
    })
  }

  function findBug(bug: Bug, name: string): number {
    let planted = 0
    const property = fc.property(fc.gen(), (generate) => {
      const pick = pickFrom(generate)
      const history = bug(correctHistory(pick), pick)
      if (history === undefined) return
      planted++
      const invariants = checkHistory(history).map(({ invariant }) => invariant)
      expect(invariants).toEqual(expect.arrayContaining([...expected[name]!]))
    })
    fc.assert(property, { numRuns: 500 })
    return planted
  }
})

describe('a violation says what happened', () => {
  it('names the stream, the number and why the event must exist', () => {
    const violations = checkHistory(history({ steps: [opened(0), event(1), event(3)], isSettled: true }))
    expect(violations).toEqual([
      {
        invariant: 'I1',
        explanation:
          'Stream "reader" read on from #0 to #3 and never got ' +
          `#2 (tag ${tagOf(2)}, epoch epochepoch); it was acknowledged: "event 2".`,
      },
    ])
  })
})

describe('gaps', () => {
  const trimmed = gap('trimmed', idOf(1), idOf(2), 1)

  it('are justified by what was trimmed, and cover exactly that', () => {
    const steps = [opened(1), trimmed, event(3)]
    expect(checkHistory(history({ steps, isSettled: true }, { trimmedThrough: 2 }))).toEqual([])
  })

  it('own up to as many events as they may cover', () => {
    const steps = [opened(0), gap('trimmed', idOf(0), idOf(2), 1), event(3)]
    const [violation] = checkHistory(history({ steps, isSettled: true }, { trimmedThrough: 2 }))
    expect(violation).toMatchObject({ invariant: 'I10', explanation: expect.stringContaining('covers 2') })
  })

  it('begin where the stream stands', () => {
    const steps = [opened(0), event(1), gap('trimmed', idOf(0), idOf(2), 2), event(3)]
    const [violation] = checkHistory(history({ steps, isSettled: true }, { trimmedThrough: 2 }))
    expect(violation?.explanation).toContain('got a gap that begins at #0')
  })

  it('lead from one epoch to the next, and without one nothing does', () => {
    const next = 'epochafter'
    const [to, later] = [idOf(3).replace(epoch, next), idOf(4).replace(epoch, next)]
    const facts = { epochs: [epoch, next] }
    const more = publication('event 4', later)
    const arrived: Step = { kind: 'block', type: 'message', id: later, topic: 'orders', data: '"event 4"' }
    const told = [opened(2), event(3), gap('epoch', idOf(3), to, 0), arrived]
    expect(checkHistory(history({ steps: told, isSettled: true }, facts, [more]))).toEqual([])
    const untold = [opened(2), event(3), arrived]
    expect(checkHistory(history({ steps: untold, isSettled: true }, facts, [more]))).toMatchObject([
      { invariant: 'I1', explanation: expect.stringContaining('no gap between the two epochs') },
    ])
  })

  it('say that a place is not of this log only if it is not', () => {
    const foreign = idOf(2).replace(/[^.]+$/, 'other')
    const steps: Step[] = [{ kind: 'opened', lastEventId: foreign }, gap('diverged', foreign, idOf(3), null)]
    expect(checkHistory(history({ steps, isSettled: true }))).toEqual([])
    const wrong = [opened(2), gap('diverged', idOf(2), idOf(3), null)]
    expect(checkHistory(history({ steps: wrong, isSettled: true }))).toMatchObject([{ invariant: 'I10' }])
  })
})

describe('an older backup', () => {
  const again = idOf(3).replace(/[^.]+$/, 'again')
  const facts = { withdrawn: new Set([idOf(3)]) }
  const anew = [publication('event 3 anew', again), publication('event 4', idOf(4))]
  const fourth: Step = { kind: 'block', type: 'message', id: idOf(4), topic: 'orders', data: '"event 4"' }
  const told = [opened(2), event(3), gap('diverged', idOf(3), again, null)]

  it('takes events away, and a gap tells so', () => {
    expect(checkHistory(history({ steps: [...told, fourth], isSettled: true }, facts, anew))).toEqual([])
  })

  it('excuses nothing that came later', () => {
    const violations = checkHistory(history({ steps: told, isSettled: true }, facts, anew))
    expect(violations).toMatchObject([{ invariant: 'I1', explanation: expect.stringContaining('event 4') }])
  })

  it('lets a retry store anew what it took away', () => {
    const unsure = { ...publication('event 4', idOf(4)), attempts: [{ kind: 'unknown' as const }] }
    const retried = { ...unsure, attempts: [...unsure.attempts, ...publication('event 4', idOf(5)).attempts] }
    const taken: Step = { kind: 'block', type: 'message', id: idOf(4), topic: 'orders', data: '"event 4"' }
    const steps = [opened(3), taken, gap('diverged', idOf(4), idOf(3), null), { ...taken, id: idOf(5) }]
    const stream = { steps, isSettled: true }
    const withdrawn = new Set([idOf(4)])
    expect(checkHistory(history(stream, { withdrawn }, [retried]))).toEqual([])
    expect(checkHistory(history(stream, {}, [retried]))).not.toEqual([])
  })

  it('is no excuse without a gap', () => {
    const steps = [opened(2), event(3), fourth]
    const violations = checkHistory(history({ steps, isSettled: true }, facts, anew))
    expect(violations).toMatchObject([
      { invariant: 'I1', explanation: expect.stringContaining('event 3 anew') },
    ])
  })
})

it('events that cannot be told apart are refused as material', () => {
  const twice = [publication('same', idOf(8)), publication('same', idOf(9))]
  expect(() => checkHistory(history({ steps: [], isSettled: false }, {}, twice))).toThrow('the same data')
})

describe('resources', () => {
  const bounds = {
    peak: { rssBytes: 200, descriptors: 50 },
    growth: { rssBytes: 20, descriptors: 0 },
  }
  const before = { rssBytes: 100, descriptors: 10 }

  it('pass while they are bounded and go back', () => {
    expect(checkResources(before, [{ rssBytes: 190, descriptors: 50 }], before, bounds)).toEqual([])
  })

  it('fail when a descriptor is left open', () => {
    const after = { rssBytes: 100, descriptors: 11 }
    expect(checkResources(before, [], after, bounds)).toMatchObject([{ invariant: 'I7' }])
  })

  it('fail when memory has no bound during the fault', () => {
    const during = [{ rssBytes: 300, descriptors: 10 }]
    expect(checkResources(before, during, before, bounds)).toMatchObject([{ invariant: 'I7' }])
  })
})

describe('conduct', () => {
  it('passes when nothing was thrown and the process ended as it was told', () => {
    expect(checkConduct({ output: 'ready\n', unexpectedEnds: [], loopDelayMs: 20 })).toEqual([])
  })

  it.each([
    ['an unhandled rejection', { output: 'Error: Unhandled promise rejection', unexpectedEnds: [] }],
    ['a crash', { output: '', unexpectedEnds: ['SIGABRT'] }],
    ['a standstill', { output: '', unexpectedEnds: [], loopDelayMs: 5_000 }],
  ])('fails on %s', (_, conduct) => {
    expect(checkConduct(conduct)).toMatchObject([{ invariant: 'I9' }])
  })
})

/** Three acknowledged events on one topic, and one reader. */
function history(
  reader: Part<StreamHistory, 'steps' | 'isSettled'>,
  facts: Partial<History['facts']> = {},
  more: readonly Publication[] = [],
): History {
  return {
    publications: [1, 2, 3].map((seq) => publication(`event ${seq}`, idOf(seq))).concat(more),
    streams: [{ name: 'reader', topics: ['orders'], ...reader }],
    facts: { epochs: [epoch], trimmedThrough: 0, ...facts },
  }
}

type Part<Type, Keys extends keyof Type> = { readonly [key in Keys]: Type[key] }

function publication(data: string, id: string): Publication {
  const events = [{ topic: 'orders', type: 'message', data: JSON.stringify(data) }]
  return { key: id, events, attempts: [{ kind: 'acknowledged', ids: [id], isDuplicate: false }] }
}

function opened(seq: number): Step {
  return { kind: 'opened', lastEventId: idOf(seq) }
}

function event(seq: number): Step {
  return { kind: 'block', type: 'message', id: idOf(seq), topic: 'orders', data: `"event ${seq}"` }
}

function gap(reason: string, from: string, to: string, missed: number | null): Step {
  return { kind: 'block', type: 'gap', id: to, data: JSON.stringify({ reason, from, to, missed }) }
}

function tagOf(seq: number): string {
  return idOf(seq).split('.')[2]!
}
