import type { Connection } from '../observe/connection-observer.ts'

/** What a banner has to say. */
export type BannerKind =
  | 'silent'
  | 'connecting'
  | 'lost'
  | 'offline'
  | 'paused'
  | 'refused'
  | 'gap'
  | 'returned'

/** What a banner says at some time, and when that time is over. */
export interface BannerView {
  readonly kind: BannerKind
  /** Whole seconds until the next try; only while `lost` and waiting. */
  readonly retryInS: number | undefined
  /** When to look again, in milliseconds since 1970; `undefined` if nothing changes by itself. */
  readonly nextAtMs: number | undefined
}

/** How patient a banner is. */
export interface BannerPatience {
  /** For how long it says nothing of a connection that is away, in milliseconds. */
  readonly graceMs: number
  /** For how long it says that the connection is back, in milliseconds. */
  readonly returnedMs: number
}

/** What a banner says of a connection at a time, in milliseconds since 1970. */
export function bannerAt(connection: Connection, nowMs: number, patience: BannerPatience): BannerView {
  const { state, isConnected, gap, awaySinceMs } = connection
  if (state === 'idle') return view('silent')
  if (state === 'refused') return view('refused')
  if (isConnected) return gap === undefined ? returnedAt(connection, nowMs, patience) : view('gap')
  // Most absences are over before anybody would have missed anything.
  const { graceMs } = patience
  const sinceMs = awaySinceMs ?? nowMs
  if (isNear(nowMs, sinceMs, graceMs)) return view('silent', sinceMs + graceMs)
  return awayAt(connection, nowMs)
}

function awayAt(connection: Connection, nowMs: number): BannerView {
  const { state, attempt, retryAtMs, lastEventAtMs, returned } = connection
  if (state === 'offline' || state === 'paused') return view(state)
  const isFirst = attempt === 0 && lastEventAtMs === undefined && returned === undefined
  if (state === 'connecting' || retryAtMs === undefined) return view(isFirst ? 'connecting' : 'lost')
  const retryInS = Math.max(0, Math.ceil((retryAtMs - nowMs) / 1_000))
  // The second that is shown ends when fewer are left.
  return { kind: 'lost', retryInS, nextAtMs: retryInS === 0 ? undefined : retryAtMs - (retryInS - 1) * 1_000 }
}

function returnedAt(
  { returned }: Connection,
  nowMs: number,
  { graceMs, returnedMs }: BannerPatience,
): BannerView {
  // Who was told nothing of the absence need not be told of its end.
  if (returned === undefined || returned.awayMs < graceMs) return view('silent')
  const { atMs } = returned
  return isNear(nowMs, atMs, returnedMs) ? view('returned', atMs + returnedMs) : view('silent')
}

/** Both ways: a clock that was set back by an hour must not keep a banner as it is for an hour. */
function isNear(nowMs: number, atMs: number, withinMs: number): boolean {
  return Math.abs(nowMs - atMs) < withinMs
}

function view(kind: BannerKind, nextAtMs?: number): BannerView {
  return { kind, retryInS: undefined, nextAtMs }
}
