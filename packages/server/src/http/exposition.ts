import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
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
    help: 'Users with at least one open stream.',
    read: (stats) => stats.uniqueUsers,
  },
  {
    name: 'tidings_stored_events',
    type: 'gauge',
    help: 'Events kept in the log.',
    read: (stats) => stats.eventsStored,
  },
  {
    name: 'tidings_stored_bytes',
    type: 'gauge',
    help: 'Bytes kept in the log, as retention counts them.',
    read: (stats) => stats.bytesStored,
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

/** All metrics in the text format of Prometheus. */
export async function expose(
  stats: Stats,
  metrics: RequestMetrics,
): Promise<{ readonly contentType: string; readonly text: string }> {
  processMetrics ??= processRegistry()
  const own = new Registry()
  for (const figure of figures) addFigure(own, figure, figure.read(stats))
  addRequests(own, metrics)
  own.registerMetric(latencyMetric(publishSeconds, metrics.publishLatency))
  const text = `${await own.metrics()}\n${await processMetrics.metrics()}`
  return { contentType: own.contentType, text }
}

function processRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'tidings_' })
  return registry
}

function addFigure(registry: Registry, { name, help, type }: Figure, value: number): void {
  const registers = [registry]
  if (type === 'counter') new Counter({ name, help, registers }).inc(value)
  else new Gauge({ name, help, registers }).set(value)
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
