import { longestPauseMs, timerMs } from '../bounds.ts'
import type { StateName, Trouble } from '../status.ts'
import { backoff } from './backoff.ts'

/** What is known of a connection: changed by `next()` alone. */
export interface StreamState {
  readonly state: StateName
  /** Counts connections. Another number means: drop the old connection; and, in `connecting`, make a new one. */
  readonly run: number
  /** How many tries in a row have failed. */
  readonly attempt: number
  readonly trouble: Trouble | undefined
  /** When to try again, in milliseconds since 1970, while `waiting` or `offline`. */
  readonly retryAtMs: number | undefined
  /** The server does not want to see us before, in milliseconds since 1970. */
  readonly notBeforeMs: number
  /** Since when there is no connection, in milliseconds since 1970. */
  readonly awaySinceMs: number | undefined
}

/** What happens to a connection, or is wished of it. Times are in milliseconds since 1970. */
export type Input =
  /** The application wants a connection. */
  | { readonly type: 'open'; readonly nowMs: number }
  /** The application wants none, for now. */
  | { readonly type: 'pause'; readonly nowMs: number }
  /** … and wants it again. */
  | { readonly type: 'resume'; readonly nowMs: number }
  /** The application wants a new one, at once. */
  | { readonly type: 'reconnect'; readonly nowMs: number }
  /** The application wants none any more. */
  | { readonly type: 'close'; readonly nowMs: number }
  /** The server accepted; `isBehind`: it sends what was missed first. */
  | { readonly type: 'accepted'; readonly isBehind: boolean }
  /** All that was missed has arrived. */
  | { readonly type: 'caught-up' }
  /** The connection has lasted for a while. */
  | { readonly type: 'proven' }
  /** There is no connection, or none any more, and to try again may help. */
  | {
      readonly type: 'failed'
      readonly trouble: Trouble
      /** How long the server asks to wait, in milliseconds; 0 if it does not say. */
      readonly adviceMs: number
      readonly isOnline: boolean
      readonly random: number
      readonly nowMs: number
    }
  /** There is no connection, and to try again would not help. */
  | { readonly type: 'refused'; readonly trouble: Trouble; readonly nowMs: number }
  /** The time to try again has come. */
  | { readonly type: 'due'; readonly nowMs: number }
  /** The device has a network again; or the page is seen again, and may have slept. */
  | { readonly type: 'awake'; readonly nowMs: number }
  /** The device has lost its network. */
  | { readonly type: 'offline'; readonly nowMs: number }

type InputType = Input['type']
type Of<Type extends InputType> = Extract<Input, { type: Type }>
type Step<Type extends InputType> = (state: StreamState, input: Of<Type>) => StreamState
type At = { readonly nowMs: number }
type Row = { readonly [Type in InputType]: Step<Type> }

/** A stream before it is opened. */
export const initialState: StreamState = Object.freeze({
  state: 'idle',
  run: 0,
  attempt: 0,
  trouble: undefined,
  retryAtMs: undefined,
  notBeforeMs: 0,
  awaySinceMs: undefined,
})

const stay = (state: StreamState): StreamState => state

/** Leaves whatever connection there is, for another state. */
function leave(
  state: StreamState,
  to: StateName,
  nowMs: number,
  more: Partial<StreamState> = {},
): StreamState {
  const { run, awaySinceMs = nowMs } = state
  return { ...state, state: to, run: run + 1, awaySinceMs, retryAtMs: undefined, notBeforeMs: 0, ...more }
}

const connect = (state: StreamState, { nowMs }: At): StreamState => leave(state, 'connecting', nowMs)

const hold: Step<'pause'> = (state, { nowMs }) =>
  leave(state, 'paused', nowMs, { attempt: 0, trouble: undefined })

const end: Step<'close'> = (state, { nowMs }) =>
  leave(state, 'idle', nowMs, { attempt: 0, trouble: undefined })

const accept: Step<'accepted'> = (state, { isBehind }) => ({
  ...state,
  state: isBehind ? 'catching-up' : 'live',
  awaySinceMs: undefined,
})

const goLive: Step<'caught-up'> = (state) => ({ ...state, state: 'live' })

// Only now: a server that accepts and drops would otherwise be asked without a pause, for ever.
const prove: Step<'proven'> = (state) => ({ ...state, attempt: 0, trouble: undefined })

const wait: Step<'failed'> = (state, { trouble, adviceMs: advice, isOnline, random, nowMs }) => {
  const attempt = state.attempt + 1
  // It comes from outside: "soon" and -5 are no advice.
  const adviceMs = Math.min(Math.max(0, advice) || 0, timerMs)
  const notBeforeMs = nowMs + adviceMs
  if (!isOnline) return goOffline({ ...state, attempt, trouble, notBeforeMs }, { type: 'offline', nowMs })
  const retryAtMs = nowMs + backoff({ attempt, adviceMs, random })
  return leave(state, 'waiting', nowMs, { attempt, trouble, retryAtMs, notBeforeMs })
}

const refuse: Step<'refused'> = (state, { trouble, nowMs }) => leave(state, 'refused', nowMs, { trouble })

// A browser can be wrong about its network (it does not count loopback): so now and then it is tried all the same.
const goOffline: Step<'offline'> = (state, { nowMs }) => {
  const { notBeforeMs } = state
  return leave(state, 'offline', nowMs, {
    retryAtMs: Math.max(nowMs + longestPauseMs, notBeforeMs),
    notBeforeMs,
  })
}

// What the server asked for counts, also when the network is back.
const hurry: Step<'awake'> = (state, { nowMs }) =>
  nowMs >= state.notBeforeMs
    ? leave(state, 'connecting', nowMs)
    : { ...state, state: 'waiting', retryAtMs: state.notBeforeMs }

/** Nothing matters. */
const closed: Row = {
  open: stay,
  pause: stay,
  resume: stay,
  reconnect: stay,
  close: stay,
  accepted: stay,
  'caught-up': stay,
  proven: stay,
  failed: stay,
  refused: stay,
  due: stay,
  awake: stay,
  offline: stay,
}

/** What the application may wish of any stream that is not closed. */
const open: Row = { ...closed, pause: hold, reconnect: connect, close: end }

/** There is a connection, or one is being made. */
const connected: Row = { ...open, proven: prove, failed: wait, refused: refuse, offline: goOffline }

/** There will be a connection. */
const pausing: Row = { ...open, due: connect, awake: hurry }

/** What each happening does in each state: complete, or it does not compile. */
const table: { readonly [State in StateName]: Row } = {
  idle: { ...closed, open: connect },
  connecting: { ...connected, accepted: accept, proven: stay },
  'catching-up': { ...connected, 'caught-up': goLive },
  live: connected,
  waiting: { ...pausing, offline: goOffline },
  offline: pausing,
  paused: { ...open, pause: stay, resume: connect },
  refused: open,
}

/** The state after something happened. The same object if nothing changes. */
export function next<Type extends InputType>(state: StreamState, input: Of<Type>): StreamState {
  const step: Step<Type> = table[state.state][input.type as Type]
  return step(state, input)
}
