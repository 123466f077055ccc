import { setTimeout as pause } from 'node:timers/promises'
import type { ClusterNode } from '../tests/cluster/cluster.ts'
import { tempFolder } from '../tests/support/temp-folder.ts'
import type { SoakBench } from './soak-bench.ts'

/** Something that happens to a cluster, and is over when it resolves. */
export interface SoakFault {
  readonly name: string
  /** How often it comes, beside the others. */
  readonly weight: number
  run(bench: SoakBench): Promise<void>
}

/** Everything that a soak mixes. The first node is never ended, so that its memory can be followed from start to end. */
export const soakFaults: readonly SoakFault[] = [
  {
    name: 'Redis is killed (appendfsync always)',
    weight: 3,
    run: async ({ cluster, traffic }) => {
      await cluster.redis.kill('SIGKILL')
      await traffic.isTurnedAway()
      await cluster.redis.start()
    },
  },
  {
    name: 'a node is killed',
    weight: 3,
    run: async (bench) => {
      const { server } = anyMortal(bench)
      await server.kill('SIGKILL')
      await bench.traffic.flows(20)
      await server.start()
    },
  },
  {
    name: 'a node is told to stop, and started again',
    weight: 3,
    run: async (bench) => {
      const { server } = anyMortal(bench)
      const { code } = await server.kill('SIGTERM')
      if (code !== 0) throw new Error(`A node ended with ${code} when it was told to stop.`)
      await server.start()
    },
  },
  {
    name: 'a node stands still',
    weight: 2,
    run: async (bench) => {
      const { server } = bench.any(bench.cluster.nodes)
      server.signal('SIGSTOP')
      await pause(bench.between(200, 4_000))
      server.signal('SIGCONT')
    },
  },
  {
    name: 'a node is kept from Redis: resets',
    weight: 2,
    run: (bench) => part(bench, ({ road }) => road.refuse()),
  },
  {
    name: 'a node is kept from Redis: silence',
    weight: 2,
    run: (bench) => part(bench, ({ road }) => road.lose()),
  },
  {
    name: 'a node is kept from Redis: everything is late',
    weight: 2,
    run: (bench) => part(bench, ({ road }) => road.hold()),
  },
  {
    name: 'connections to Redis are cut',
    weight: 2,
    run: async ({ cluster }) => {
      for (const { road } of cluster.nodes) road.cut()
    },
  },
  {
    name: 'a tail is starved',
    weight: 2,
    run: async (bench) => {
      bench.any(bench.cluster.nodes).road.starveTails()
      await pause(3_500)
    },
  },
  {
    name: 'Redis is slow',
    weight: 1,
    run: async (bench) => {
      for (const { road } of bench.cluster.nodes) road.slow(bench.between(20, 300))
      await pause(3_000)
      for (const { road } of bench.cluster.nodes) road.slow(0)
    },
  },
  {
    name: 'Redis is full',
    weight: 1,
    run: async ({ cluster, traffic }) => {
      await cluster.redis.config('maxmemory', '1mb')
      await traffic.isTurnedAway()
      await cluster.redis.config('maxmemory', '0')
    },
  },
  {
    name: 'all readers reconnect',
    weight: 2,
    run: async ({ readers }) => {
      for (const reader of readers) reader.drop()
    },
  },
  {
    name: 'an operator begins a new epoch',
    weight: 1,
    run: async (bench) => {
      const { server } = bench.any(bench.cluster.nodes)
      const response = await fetch(`${server.url}/api/admin/rotate`, { method: 'POST' })
      if (response.status !== 200) throw new Error(`rotate answered ${response.status}`)
      await bench.noteEpoch()
    },
  },
  {
    name: 'an older backup of Redis is restored',
    weight: 1,
    run: async (bench) => {
      const { redis } = bench.cluster
      await using backup = await tempFolder()
      await redis.stop()
      await redis.copyTo(backup.path)
      await redis.start()
      await bench.traffic.flows(40)
      await bench.withdraw(async () => {
        await redis.stop()
        await redis.restoreFrom(backup.path)
        await redis.start()
      })
    },
  },
  {
    name: 'Redis is flushed',
    weight: 0.5,
    run: (bench) => bench.withdraw(() => bench.cluster.redis.flush()),
  },
]

/** Chooses a fault, each as often as its weight says. */
export function anyFault({ chance }: SoakBench): SoakFault {
  const total = soakFaults.reduce((sum, { weight }) => sum + weight, 0)
  let left = chance() * total
  for (const fault of soakFaults) {
    left -= fault.weight
    if (left < 0) return fault
  }
  return soakFaults[0]!
}

function anyMortal(bench: SoakBench): ClusterNode {
  return bench.any(bench.cluster.nodes.slice(1))
}

async function part(bench: SoakBench, away: (node: ClusterNode) => void): Promise<void> {
  const node = bench.any(bench.cluster.nodes)
  away(node)
  await pause(bench.between(200, 8_000))
  node.road.open()
}
