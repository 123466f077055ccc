import { Latency } from './latency.ts'

/** How often a route was answered. Every label has few values, whatever callers send. */
export interface RequestCount {
  /** The route's template, e.g. `/events/:userId`; `none` if there is no such route. */
  readonly route: string
  readonly method: string
  /** The class of the status: `2xx` … `5xx`. */
  readonly status: string
  count: number
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Counts what happens on the HTTP side. Plain numbers, so that counting costs nothing worth measuring; they
 * become Prometheus metrics when somebody looks.
 */
export class RequestMetrics {
  /** From the moment a publish was read to its acknowledgement. */
  readonly publishLatency = new Latency()
  readonly #counts = new Map<string, RequestCount>()

  countRequest(route: string | undefined, method: string, status: number): void {
    const known = knownMethods.has(method) ? method : 'other'
    const statusClass = Math.trunc(status / 100)
    const key = `${known} ${statusClass} ${route}`
    const counted = this.#counts.get(key)
    if (counted !== undefined) counted.count++
    else
      this.#counts.set(key, { route: route ?? 'none', method: known, status: `${statusClass}xx`, count: 1 })
  }

  /** All counts so far. */
  get requests(): Iterable<Readonly<RequestCount>> {
    return this.#counts.values()
  }
}
