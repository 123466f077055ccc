import { Caller } from './caller.ts'
import { Latencies } from './latencies.ts'

/** What clients got that each sent the next request when the last was answered. */
export interface ClosedLoopResult {
  /** 2xx answers within the time. */
  readonly answers: number
  /** Everything else. */
  readonly errors: number
  readonly seconds: number
  readonly latencies: Latencies
}

/** Lets clients send the same request again and again, each one at a time. */
export async function runClosedLoop(
  port: number,
  request: Buffer,
  clients: number,
  durationMs: number,
): Promise<ClosedLoopResult> {
  const callers = await Promise.all(Array.from({ length: clients }, () => Caller.open(port)))
  const latencies = new Latencies()
  let answers = 0
  let errors = 0
  const start = performance.now()
  const loop = async (caller: Caller): Promise<void> => {
    for (let at = performance.now(); at < start + durationMs; ) {
      const { status } = await caller.call(request)
      const now = performance.now()
      latencies.add((now - at) * 1000)
      at = now
      if (status >= 200 && status < 300) answers++
      else errors++
    }
  }
  try {
    await Promise.all(callers.map((caller) => loop(caller).catch(() => void errors++)))
    return { answers, errors, seconds: (performance.now() - start) / 1000, latencies }
  } finally {
    for (const caller of callers) caller.close()
  }
}
