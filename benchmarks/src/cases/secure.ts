import { Crowd } from '../load/crowd.ts'
import { Publisher } from '../load/publisher.ts'
import { pause, until } from '../load/until.ts'
import type { Contender } from '../servers/contender.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { atLeast, atMost, type Case, type Effort, type Metrics, quotient } from './case.ts'
import { openWindow, windowColumns } from './window.ts'
import { withServer } from './workspace.ts'

const eventsPerSecond = 5

/** A quick run has fewer: handshakes take their time. */
const streamsOf = ({ seconds }: Effort) => (seconds < 5 ? 1_000 : 5_000)

/** Opened and closed before the first reading, so that code and pools that any use brings are in it. */
const warmStreams = 100

/** After the last publish, what is still to come gets this long; what has not come then counts as lost. */
const graceMs = 10_000

const perCpuSecond = 'deliveriesPerCpuSecond'

/** What the encryption costs, and what HTTP/2 costs beside it. */
export const secureCase: Case = {
  name: 'secure',
  title: 'The same streams with TLS and HTTP/2',
  method:
    `5,000 streams (1,000 in a quick run) × ${eventsPerSecond} events/s, one POST an event, every stream gets every ` +
    'event. Memory as with idle streams; the kernel’s socket buffers are not in it.',
  servers: ['tidings', 'tidings-tls', 'tidings-http2', 'tidings-http2-20'],
  columns: [
    { key: perCpuSecond, title: 'per CPU-second', digits: 0 },
    { key: 'kibPerStream', title: 'KiB a stream', digits: 1 },
    { key: 'openSeconds', title: 's to open all', digits: 1 },
    { key: 'openCpuMs', title: 'CPU-ms to open one', digits: 2 },
    { key: 'p50Ms', title: 'p50 ms', digits: 1 },
    { key: 'p99Ms', title: 'p99 ms', digits: 1 },
    { key: 'deliveredPercent', title: 'delivered in time %', digits: 2 },
    { key: 'lost', title: 'lost', digits: 0 },
    ...windowColumns,
  ],
  ratioOf: perCpuSecond,
  targets: [
    atLeast('HTTP/2: at least a quarter of HTTP/1.1 without TLS', 0.25, (median) =>
      quotient(median('tidings-http2', perCpuSecond), median('tidings', perCpuSecond)),
    ),
    atMost('lost over HTTP/2: none', 0, (median) => median('tidings-http2', 'lost')),
  ],
  run: (contender, effort) => withServer(contender, effort, (server) => measure(contender, server, effort)),
}

async function measure(contender: Contender, server: ServerProcess, effort: Effort): Promise<Metrics> {
  const streams = streamsOf(effort)
  const warm = await openCrowd(contender, server.port, warmStreams)
  warm.close()
  await pause(1_000)
  const memoryBefore = server.memoryKiB
  const cpuBefore = server.cpuSeconds
  const startedAt = performance.now()
  const crowd = await openCrowd(contender, server.port, streams)
  const openSeconds = (performance.now() - startedAt) / 1_000
  const openCpuMs = ((server.cpuSeconds - cpuBefore) * 1_000) / streams
  await pause(effort.idleSeconds * 1_000)
  const kibPerStream = (server.memoryKiB - memoryBefore) / streams
  try {
    return { kibPerStream, openSeconds, openCpuMs, ...(await fanOut(contender, server, crowd, effort)) }
  } finally {
    crowd.close()
  }
}

async function fanOut(
  { shape, wire = 'plain' }: Contender,
  server: ServerProcess,
  crowd: Crowd,
  effort: Effort,
): Promise<Metrics> {
  const streams = crowd.listeners.length
  const isSecure = wire !== 'plain'
  const publisher = await Publisher.open({ port: server.port, shape, eventsPerSecond, isSecure })
  const isComplete = () => publisher.isSettled && crowd.received >= publisher.taken * streams
  try {
    await publisher.run(effort.warmSeconds * 1_000)
    await until(isComplete, graceMs)
    crowd.reset()
    publisher.reset()
    const close = openWindow(server)
    await publisher.run(effort.seconds * 1_000)
    const inTime = crowd.received
    const shares = close()
    await until(isComplete, graceMs)
    return {
      [perCpuSecond]: inTime / shares.serverCpuSeconds,
      p50Ms: crowd.latencies.quantileMs(0.5),
      p99Ms: crowd.latencies.quantileMs(0.99),
      deliveredPercent: (inTime / (publisher.offered * streams)) * 100,
      lost: Math.max(0, publisher.taken * streams - crowd.received),
      ...shares,
    }
  } finally {
    publisher.close()
  }
}

async function openCrowd(contender: Contender, port: number, count: number): Promise<Crowd> {
  const { wire, streamsPerSession, streamPath } = contender
  const crowd = new Crowd({ port, path: () => streamPath, sampleEvery: 5, wire, streamsPerSession })
  if ((await crowd.join(count, { atOnce: 100, deadlineMs: 120_000 })) && crowd.ended === 0) return crowd
  crowd.close()
  throw new Error(`only ${crowd.open} of ${count} streams opened: ${[...crowd.reasons].join('; ')}`)
}
