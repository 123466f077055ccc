import { callOnce } from '../load/caller.ts'
import { getRequest } from '../load/request.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import { atLeast, atMost, type Case, type Metrics, quotient } from './case.ts'
import { fanoutColumns, measureFanout, perCpuSecond } from './fanout.ts'
import { withServer } from './workspace.ts'

const streams = 10_000
const eventsPerSecond = 5

/** What it costs to be several processes: each event crosses to every worker, and is encoded there. */
export const workersCase: Case = {
  name: 'workers',
  title: `${streams.toLocaleString('en')} streams × ${eventsPerSecond} events/s, in one process and in two workers`,
  method:
    'As with fan-out. Workers and the owner of the file share one core here, so that what counts is the CPU time of ' +
    'all three together.',
  servers: ['tidings', 'tidings-workers'],
  columns: [{ key: 'leastShare', title: 'least loaded process, % of streams', digits: 1 }, ...fanoutColumns],
  ratioOf: perCpuSecond,
  targets: [
    atLeast('deliveries per CPU-second: at least 0.9 × one process', 0.9, (median) =>
      quotient(median('tidings-workers', perCpuSecond), median('tidings', perCpuSecond)),
    ),
    atLeast('streams of the worker that has fewer, %: at least 45', 45, (median) =>
      median('tidings-workers', 'leastShare'),
    ),
    atMost('lost: none', 0, (median) => median('tidings-workers', 'lost')),
  ],
  run: (contender, effort) =>
    withServer(contender, effort, (server) =>
      measureFanout({ contender, server, streams, eventsPerSecond, effort, inspect: () => spreadOf(server) }),
    ),
}

/** How the open streams are spread over the processes. */
async function spreadOf({ port }: ServerProcess): Promise<Metrics> {
  const { body } = await callOnce(port, getRequest('/api/stats'))
  const { nodes } = JSON.parse(body.toString()) as { nodes: { connections: number }[] }
  const least = Math.min(...nodes.map(({ connections }) => connections))
  return { leastShare: (least / streams) * 100 }
}
