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
    const labels = {
      route: route ?? 'none',
      method: knownMethods.has(method) ? method : 'other',
      status: `${Math.trunc(status / 100)}xx`,
    }
    const key = `${labels.method} ${labels.status} ${labels.route}`
    const counted = this.#counts.get(key)
    if (counted === undefined) this.#counts.set(key, { ...labels, count: 1 })
    else counted.count++
  }

  /** All counts so far. */
  get requests(): Iterable<Readonly<RequestCount>> {
    return this.#counts.values()
  }
}
