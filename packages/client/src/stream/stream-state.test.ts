import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { longestPauseMs, timerMs } from '../bounds.ts'
import type { StateName, Trouble } from '../status.ts'
import { type Input, initialState, next, type StreamState } from './stream-state.ts'

const trouble: Trouble = { code: 'network', message: 'The connection broke.' }
const nowMs = 1_000_000

const inputs = {
  open: { type: 'open', nowMs },
  pause: { type: 'pause', nowMs },
  resume: { type: 'resume', nowMs },
  reconnect: { type: 'reconnect', nowMs },
  close: { type: 'close', nowMs },
  accepted: { type: 'accepted', isBehind: false },
  behind: { type: 'accepted', isBehind: true },
  'caught-up': { type: 'caught-up' },
  proven: { type: 'proven' },
  failed: { type: 'failed', trouble, adviceMs: 0, isOnline: true, random: 0.5, nowMs },
  unplugged: { type: 'failed', trouble, adviceMs: 0, isOnline: false, random: 0.5, nowMs },
  refused: { type: 'refused', trouble, nowMs },
  due: { type: 'due', nowMs },
  awake: { type: 'awake', nowMs },
  offline: { type: 'offline', nowMs },
} as const satisfies Record<string, Input>

/**
 * What each happening does in each state. A name is the state that follows; `+` says that the connection is dropped;
 * `=` is the same state with something else changed; `.` is nothing at all.
 */
const table = `
              idle         connecting   catching-up  live         waiting      offline      paused       refused
  open        +connecting  .            .            .            .            .            .            .
  pause       .            +paused      +paused      +paused      +paused      +paused      .            +paused
  resume      .            .            .            .            .            .            +connecting  .
  reconnect   .            +connecting  +connecting  +connecting  +connecting  +connecting  +connecting  +connecting
  close       .            +idle        +idle        +idle        +idle        +idle        +idle        +idle
  accepted    .            live         .            .            .            .            .            .
  behind      .            catching-up  .            .            .            .            .            .
  caught-up   .            .            live         .            .            .            .            .
  proven      .            .            =            =            .            .            .            .
  failed      .            +waiting     +waiting     +waiting     .            .            .            .
  unplugged   .            +offline     +offline     +offline     .            .            .            .
  refused     .            +refused     +refused     +refused     .            .            .            .
  due         .            .            .            .            +connecting  +connecting  .            .
  awake       .            .            .            .            +connecting  +connecting  .            .
  offline     .            +offline     +offline     +offline     +offline     .            .            .
`

const [states = [], ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/))

const pairs = rows.flatMap(([input, ...cells]) =>
  cells.map((cell, column) => [input, states[column], cell] as [keyof typeof inputs, StateName, string]),
)

function inState(state: StateName, more: Partial<StreamState> = {}): StreamState {
  return { ...initialState, state, run: 7, attempt: 3, trouble, awaySinceMs: 5, ...more }
}

describe('every pair of what happens and where', () => {
  test('is in the table', () => {
    expect(pairs).toHaveLength(Object.keys(inputs).length * 8)
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(Object.keys(inputs)))
  })

  test.each(pairs)('%s in %s: %s', (name, state, cell) => {
    const before = inState(state)
    const after = next(before, inputs[name])
    if (cell === '.') expect(after).toBe(before)
    else {
      expect(after).not.toBe(before)
      expect(after.state).toBe(cell === '=' ? state : cell.replace('+', ''))
      expect(after.run).toBe(before.run + (cell.startsWith('+') ? 1 : 0))
    }
  })
})

describe('what else a step changes', () => {
  test('a failure counts, is told, and sets the time of the next try', () => {
    const after = next(inState('live'), { ...inputs.failed, adviceMs: 2_000 })
    expect(after).toMatchObject({
      attempt: 4,
      trouble,
      notBeforeMs: nowMs + 2_000,
      retryAtMs: nowMs + 2_000 + 4_000,
    })
  })

  test('a connection counts as good, and trouble as past, only once it is proven', () => {
    const live = next(inState('connecting'), inputs.accepted)
    expect(live).toMatchObject({ attempt: 3, trouble, awaySinceMs: undefined })
    expect(next(live, inputs.proven)).toMatchObject({ attempt: 0, trouble: undefined })
  })

  test('an absence begins with its first loss, and lasts until a server accepts', () => {
    const lost = next(inState('live', { awaySinceMs: undefined }), inputs.failed)
    expect(lost.awaySinceMs).toBe(nowMs)
    const again = next(next(lost, inputs.due), { ...inputs.failed, nowMs: nowMs + 9_000 })
    expect(again.awaySinceMs).toBe(nowMs)
  })

  test('whoever wants a connection now does not wait for what the server asked', () => {
    const waiting = next(inState('live'), { ...inputs.failed, adviceMs: 60_000 })
    expect(next(waiting, inputs.reconnect)).toMatchObject({ state: 'connecting', notBeforeMs: 0 })
  })

  test('a device that wakes up too early waits until the server wants to see it, and no longer', () => {
    const waiting = next(inState('live'), { ...inputs.failed, adviceMs: 60_000 })
    const early = next(waiting, { ...inputs.awake, nowMs: nowMs + 59_999 })
    expect(early).toMatchObject({ state: 'waiting', run: waiting.run, retryAtMs: nowMs + 60_000 })
    expect(next(early, { ...inputs.awake, nowMs: nowMs + 60_000 }).state).toBe('connecting')
  })

  test('a device without a network tries all the same after the longest pause', () => {
    expect(next(inState('live'), inputs.offline).retryAtMs).toBe(nowMs + longestPauseMs)
  })

  test('losing the network does not make the server’s word void', () => {
    const advice = { ...inputs.failed, adviceMs: 3_600_000 }
    const cut = next(next(inState('live'), advice), inputs.offline)
    const unplugged = next(inState('live'), { ...advice, isOnline: false })
    for (const offline of [cut, unplugged]) {
      expect(offline).toMatchObject({ state: 'offline', retryAtMs: nowMs + 3_600_000 })
      expect(next(offline, inputs.awake)).toMatchObject({
        state: 'waiting',
        retryAtMs: nowMs + 3_600_000,
        attempt: 4,
      })
    }
  })

  test.each([Number.NaN, -5, 'soon' as unknown as number])('advice of %s is none', (adviceMs) => {
    expect(next(inState('live'), { ...inputs.failed, adviceMs })).toMatchObject({
      notBeforeMs: nowMs,
      retryAtMs: nowMs + 4_000,
    })
  })

  test('advice that no timer could take is cut to the longest one', () => {
    for (const adviceMs of [1e15, Number.POSITIVE_INFINITY]) {
      const waiting = next(inState('live'), { ...inputs.failed, adviceMs })
      expect(waiting).toMatchObject({ notBeforeMs: nowMs + timerMs, retryAtMs: nowMs + timerMs })
      expect(next(waiting, inputs.offline).retryAtMs).toBe(nowMs + timerMs)
    }
  })
})

/** A happening, and how long after the one before it. */
const anyStep = fc.record({
  afterMs: fc.nat(100_000),
  adviceMs: fc.oneof(fc.constant(0), fc.nat(200_000)),
  random: fc.integer({ min: 0, max: 999 }).map((thousandths) => thousandths / 1_000),
  name: fc.constantFrom(...(Object.keys(inputs) as (keyof typeof inputs)[])),
})

interface Change {
  readonly before: StreamState
  readonly input: Input
  readonly after: StreamState
}

/** All that happens to a stream; timers fire when their time has come, and not before. */
const anyLife: fc.Arbitrary<Change[]> = fc.array(anyStep, { maxLength: 60 }).map((steps) => {
  const changes: Change[] = []
  let before = next(initialState, { type: 'open', nowMs })
  let clockMs = nowMs
  for (const { afterMs, name, adviceMs, random } of steps) {
    clockMs += afterMs
    if (name === 'due') clockMs = Math.max(clockMs, before.retryAtMs ?? 0)
    const input = { ...inputs[name], nowMs: clockMs, adviceMs, random } as Input
    const after = next(before, input)
    changes.push({ before, input, after })
    before = after
  }
  return changes
})

/** Checks each change of many lives. */
function always(check: (change: Change) => void): void {
  fc.assert(
    fc.property(anyLife, (life) => {
      for (const change of life) check(change)
    }),
    { numRuns: 500 },
  )
}

function clockOf(input: Input): number {
  return 'nowMs' in input ? input.nowMs : Number.NaN
}

const connected: readonly StateName[] = ['connecting', 'catching-up', 'live']

describe('whatever happens, in whatever order', () => {
  test('the run never decreases, and grows whenever a connection is dropped or made', () =>
    always(({ before, after }) => {
      expect(after.run - before.run).toBeOneOf([0, 1])
      const wasConnected = connected.includes(before.state)
      const isConnected = connected.includes(after.state)
      if (wasConnected !== isConnected) expect(after.run).toBe(before.run + 1)
    }))

  test('who waits, waits at least as long as the server asked', () =>
    always(({ before, input, after }) => {
      if (input.type !== 'failed' || after.run === before.run) return
      expect(after.retryAtMs).toBeGreaterThanOrEqual(clockOf(input) + input.adviceMs)
    }))

  test('no try of its own comes before the server wants it: only the application’s does', () =>
    always(({ before, input, after }) => {
      if (after.state !== 'connecting' || after.run === before.run) return
      if (input.type === 'awake' || input.type === 'due')
        expect(clockOf(input)).toBeGreaterThanOrEqual(before.notBeforeMs)
      else expect(input.type).toBeOneOf(['open', 'resume', 'reconnect'])
    }))

  test('a time for the next try is set while waiting or offline, and at no other time', () =>
    always(({ after }) => {
      expect(after.retryAtMs !== undefined).toBe(after.state === 'waiting' || after.state === 'offline')
    }))

  test('tries are counted one by one, and forgotten only by proof, a pause or the end', () =>
    always(({ before, input, after }) => {
      if (after.attempt === before.attempt) return
      if (after.attempt === 0) expect(input.type).toBeOneOf(['proven', 'pause', 'close'])
      else {
        expect(after.attempt).toBe(before.attempt + 1)
        expect(input.type).toBe('failed')
      }
    }))

  test('nothing leaves idle but open', () =>
    always(({ before, input, after }) => {
      if (before.state === 'idle' && input.type !== 'open') expect(after).toBe(before)
    }))

  test('nobody is away while connected, and everybody else is', () =>
    always(({ after }) => {
      const isHere = after.state === 'live' || after.state === 'catching-up'
      expect(after.awaySinceMs === undefined).toBe(isHere)
    }))
})
