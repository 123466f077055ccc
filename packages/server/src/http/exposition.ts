import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'
import type { Latency } from '../observe/latency.ts'
import type { RequestMetrics } from '../observe/request-metrics.ts'
import type { Stats } from '../tidings.ts'

/** One metric, as its table in docs/metrics.md has it. */
export interface MetricDescription {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels?: readonly string[]
}

interface Figure extends MetricDescription {
  readonly type: 'counter' | 'gauge'
  /**
   * How those of several workers become one: `max`, if it is the same for all of them, `min`, if it is only as good as
   * that of the worst; else they are added.
   */
  readonly aggregator?: 'max' | 'min'
  read(stats: Stats): number
}

/** What is read from the counts of the hub and the log. */
const figures: readonly Figure[] = [
  {
    name: 'tidings_streams',
    type: 'gauge',
    help: 'Open streams.',
    read: (stats) => stats.totalConnections,
  },
  {
    name: 'tidings_users',
    type: 'gauge',
    help: 'Users with at least one open stream; one with streams at two workers or nodes is two here, and one in `/api/stats`.',
    read: (stats) => stats.uniqueUsers,
  },
  {
    name: 'tidings_store_up',
    type: 'gauge',
    aggregator: 'min',
    help: '1 if the store can be reached and what is stored arrives here, otherwise 0.',
    read: ({ store }) => (store.state === 'up' ? 1 : 0),
  },
  {
    name: 'tidings_stored_events',
    type: 'gauge',
    aggregator: 'max',
    help: 'Events kept in the log.',
    read: (stats) => stats.eventsStored,
  },
  {
    name: 'tidings_stored_bytes',
    type: 'gauge',
    aggregator: 'max',
    help: 'Bytes kept in the log, as retention counts them.',
    read: (stats) => stats.bytesStored,
  },
  {
    name: 'tidings_store_warnings',
    type: 'gauge',
    aggregator: 'max',
    help: 'What the store is set to that loses events; `/readyz` says what, and what to do.',
    read: (stats) => stats.store.warnings.length,
  },
  {
    name: 'tidings_buffered_events',
    type: 'gauge',
    help: 'Recent events in memory.',
    read: (stats) => stats.eventsBuffered,
  },
  {
    name: 'tidings_buffered_bytes',
    type: 'gauge',
    help: 'Bytes of recent events in memory.',
    read: (stats) => stats.bytesBuffered,
  },
  {
    name: 'tidings_events_published_total',
    type: 'counter',
    aggregator: 'max',
    help: 'Events that the log has taken since the start.',
    read: (stats) => stats.totalEventsPublished,
  },
  {
    name: 'tidings_events_sent_total',
    type: 'counter',
    help: 'Deliveries since the start: events times the streams that got them.',
    read: (stats) => stats.totalEventsSent,
  },
  {
    name: 'tidings_bytes_sent_total',
    type: 'counter',
    help: 'Bytes of events written to streams since the start, without the framing of HTTP.',
    read: (stats) => stats.totalBytesSent,
  },
]

const requestsTotal: MetricDescription = {
  name: 'tidings_http_requests_total',
  type: 'counter',
  help: 'Answered requests; a stream counts when it opens.',
  labels: ['route', 'method', 'status'],
}

const publishSeconds: MetricDescription = {
  name: 'tidings_publish_seconds',
  type: 'histogram',
  help: 'From reading a publish to its acknowledgement, in seconds.',
  labels: ['le'],
}

/** Every metric of Tidings' own. Those of the process begin with `tidings_process_` and `tidings_nodejs_`. */
export const METRICS: readonly MetricDescription[] = Object.freeze([
  ...figures,
  requestsTotal,
  publishSeconds,
])

let processMetrics: Registry | undefined

/** What one process has measured, as it can cross to another. */
export type Measured = MetricObjectWithValues<MetricValue<string>>[]

/** Everything that this process has measured. */
export async function measure(stats: Stats, metrics: RequestMetrics): Promise<Measured> {
  const all = Registry.merge(registries(stats, metrics))
  return all.getMetricsAsJSON()
}

/**
 * All metrics in the text format of Prometheus.
 * @param others what the other workers of this server have measured: all together count as one server.
 */
export async function expose(
  stats: Stats,
  metrics: RequestMetrics,
  others: readonly Measured[] = [],
): Promise<{ readonly contentType: string; readonly text: string }> {
  const all =
    others.length === 0
      ? Registry.merge(registries(stats, metrics))
      : AggregatorRegistry.aggregate([await measure(stats, metrics), ...others])
  return { contentType: all.contentType, text: await all.metrics() }
}

function registries(stats: Stats, metrics: RequestMetrics): Registry[] {
  processMetrics ??= processRegistry()
  const own = new Registry()
  for (const figure of figures) addFigure(own, figure, figure.read(stats))
  addRequests(own, metrics)
  own.registerMetric(latencyMetric(publishSeconds, metrics.publishLatency))
  return [own, processMetrics]
}

function processRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'tidings_' })
  return registry
}

function addFigure(registry: Registry, figure: Figure, value: number): void {
  const { name, help, type, aggregator } = figure
  const options = { name, help, aggregator: aggregator ?? ('sum' as const), registers: [registry] }
  if (type === 'counter') new Counter(options).inc(value)
  else new Gauge(options).set(value)
}

function addRequests(registry: Registry, metrics: RequestMetrics): void {
  const { name, help, labels = [] } = requestsTotal
  const counter = new Counter({ name, help, labelNames: [...labels], registers: [registry] })
  for (const { count, ...values } of metrics.requests) counter.inc(values, count)
}

/** A histogram whose buckets were counted elsewhere: prom-client's own can only be filled one by one. */
function latencyMetric({ name, help }: MetricDescription, latency: Latency): Metric {
  const buckets = latency.cumulative.map(({ bound, count }) => ({
    metricName: `${name}_bucket`,
    labels: { le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound) },
    value: count,
  }))
  const values = [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: latency.sum },
    { metricName: `${name}_count`, labels: {}, value: latency.count },
  ]
  const metric = { name, help, type: 'histogram', aggregator: 'sum', values }
  return { name, get: async () => metric } as unknown as Metric
}
