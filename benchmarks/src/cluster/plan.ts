import { format, markdown } from '../report/table.ts'

/** What things cost, as the other parts have measured them on one machine; docs/scaling.md says which and when. */
export const costs = {
  /** CPU of a node for one delivery, in seconds: of an event that all get, and of one that a single stream gets. */
  shared: 11e-6,
  personal: 17e-6,
  /** CPU of a node to be told of an append, in seconds, and of each event in it, whether anybody wants it or not. */
  wake: 330e-6,
  passing: 1e-6,
  /** CPU of Redis to store an event that comes with others, in seconds. */
  storing: 12e-6,
  /** CPU of Redis to tell one node of an append, in seconds, and of each event in it. */
  telling: 25e-6,
  sending: 0.5e-6,
  /** Memory of a node for a stream, in bytes: of the process, and of the kernel for an idle socket. */
  stream: 7.5 * 1024,
  /** Bytes of Redis for an event of 100 bytes in a topic of its own user. */
  stored: 415,
  /** Bytes on the wire for one: from Redis to each node, and from a node to a stream. */
  told: 180,
  delivered: 180,
} as const

/** Up to here a core is used, so that a storm of reconnects finds room. */
const busy = 0.5

/** Above so many appends a second, those that come meanwhile are read together. */
const wakes = 200

/** The default of `maxConnections`, which is also what a process of 20,000 descriptors holds. */
const streamsPerNode = 15_000

/** What a service does. */
export interface Workload {
  readonly name: string
  /** Events a second that everybody gets. */
  readonly shared: number
  /** Events a second that one connection alone gets. */
  readonly personal: number
}

export const workloads: readonly Workload[] = [
  {
    name: 'a bell: one notification a minute for each, one announcement a minute for all',
    shared: 1 / 60,
    personal: 1 / 60,
  },
  { name: 'a dashboard: one event a second for all', shared: 1, personal: 0 },
  { name: 'a busy app: one event every five seconds for each', shared: 0, personal: 1 / 5 },
]

const sizes = [10_000, 100_000, 1_000_000] as const

/** How many of what a service takes. */
export interface Plan {
  readonly logs: number
  readonly nodes: number
  /** Events a second that one log takes. */
  readonly eventsPerLog: number
  /** Shares of a core. */
  readonly nodeCpu: number
  readonly redisCpu: number
  /** Bits a second: out of one Redis, and to all streams. */
  readonly redisOut: number
  readonly out: number
  /** Bytes: of one node for its streams, and of all Redises for an hour of events. */
  readonly nodeMemory: number
  readonly hour: number
}

/**
 * The fewest logs, and nodes on each, with which neither a Redis nor a node is busier than half of a core. Whoever
 * shares events over several logs publishes them to each.
 */
export function planFor({ shared, personal }: Workload, connections: number): Plan {
  for (let logs = 1; ; logs++) {
    const events = shared + (personal * connections) / logs
    const streams = connections / logs
    const appends = Math.min(events, wakes)
    const reading = appends * costs.wake + events * costs.passing
    const delivering = streams * (shared * costs.shared + personal * costs.personal)
    const room = busy - reading
    if (room < busy / 4) continue
    const nodes = Math.ceil(Math.max(streams / streamsPerNode, delivering / room))
    const redisCpu = events * costs.storing + nodes * (appends * costs.telling + events * costs.sending)
    if (redisCpu > busy) continue
    const deliveries = streams * (shared + personal)
    return {
      logs,
      nodes: nodes * logs,
      eventsPerLog: events,
      nodeCpu: delivering / nodes + reading,
      redisCpu,
      redisOut: events * nodes * costs.told * 8,
      out: deliveries * logs * costs.delivered * 8,
      nodeMemory: (streams / nodes) * costs.stream,
      hour: events * logs * 3600 * costs.stored,
    }
  }
}

/** The table of docs/scaling.md. */
export function planTable(): string {
  const titles = ['', 'logs', 'nodes', 'events/s of a log', 'CPU of a node %', 'of a Redis %']
  titles.push(
    'out of a Redis, Mbit/s',
    'to all streams, Mbit/s',
    'streams in a node, MiB',
    'an hour of events, GiB',
  )
  const rows = workloads.flatMap((workload) => [
    [`**${workload.name}**`, ...titles.slice(1).map(() => '')],
    ...sizes.map((connections) => {
      const plan = planFor(workload, connections)
      return [
        `${format(connections, 0)} connections`,
        format(plan.logs, 0),
        format(plan.nodes, 0),
        format(plan.eventsPerLog, 0),
        format(plan.nodeCpu * 100, 0),
        format(plan.redisCpu * 100, 1),
        format(plan.redisOut / 1e6, 1),
        format(plan.out / 1e6, 0),
        format(plan.nodeMemory / 2 ** 20, 0),
        format(plan.hour / 2 ** 30, 1),
      ]
    }),
  ])
  return markdown(titles, rows)
}
