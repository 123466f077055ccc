import type { Column, Metrics } from '../cases/case.ts'
import { Caller } from '../load/caller.ts'
import { Latencies } from '../load/latencies.ts'
import { postRequest } from '../load/request.ts'
import { pause, until } from '../load/until.ts'
import { payload } from '../payload.ts'
import { eventsBody } from '../servers/contender.ts'
import { tidings } from '../servers/tidings.ts'
import type { ClusterEffort, Part } from './effort.ts'
import { openMeter } from './meter.ts'
import { Nodes, startRedis } from './nodes.ts'
import { middle, sideBySide, sidesTable } from './side-by-side.ts'
import { firstNumber, StormClient, type StormSink } from './storm-client.ts'

const eventsPerSecond = 5
const clientsPerAddress = 4_000
const limitMs = 60_000

const columns: readonly Column[] = [
  { key: 'moved', title: 'clients moved', digits: 0 },
  { key: 'p50Seconds', title: '50 % resumed, s', digits: 2 },
  { key: 'p99Seconds', title: '99 % resumed, s', digits: 2 },
  { key: 'allSeconds', title: '100 %, s', digits: 2 },
  { key: 'lost', title: 'lost', digits: 0 },
  { key: 'repeated', title: 'repeated', digits: 0 },
  { key: 'refused', title: 'not answered 200', digits: 0 },
  { key: 'published', title: 'events published', digits: 0 },
  { key: 'nodeCpuSeconds', title: 'CPU-s of the other node', digits: 2 },
  { key: 'redisCpuSeconds', title: 'of Redis', digits: 2 },
  { key: 'loadCpuSeconds', title: 'of the load', digits: 2 },
]

export const stormPart: Part = {
  name: 'storm',
  title: 'One of two nodes is killed: its clients come back on the other',
  method:
    'Half of the clients on each node, on one Redis with appendfsync always; an event every 200 ms to every client, ' +
    'published to the nodes in turn. Then kill -9 of one node, while publishing goes on. Each client counts the numbers of ' +
    'all its events. It has resumed when it is answered on the other node and has everything that was acknowledged by ' +
    'then; time counts from the kill.',
  async run(effort) {
    const side = (name: string, waits: boolean) => ({ name, run: () => runStorm(waits, effort) })
    const n = (effort.stormClients / 2).toLocaleString('en')
    const sides = [side(`${n} clients at once`, false), side(`${n} clients, each after its retry:`, true)]
    const measured = await sideBySide(sides, effort)
    const bad = measured.flatMap((one) => ['lost', 'repeated', 'refused'].map((key) => middle(one, key)))
    const isKept = bad.every((count) => count === 0)
    const verdict = `To reach: all resumed, nothing lost, nothing twice. ${isKept ? 'Reached.' : '**Not reached.**'}`
    return `${sidesTable(measured, columns, 'p99Seconds')}\n\n${verdict}`
  },
}

async function runStorm(waits: boolean, effort: ClusterEffort): Promise<Metrics> {
  await using stack = new AsyncDisposableStack()
  const redis = stack.use(await startRedis())
  const nodes = stack.use(await Nodes.start({ count: 2, redis, profileTo: effort.profileTo }))
  using storm = new Storm(nodes.ports, effort.stormClients, waits)
  await storm.gather()
  const close = openMeter([nodes.pids[1]!, redis.pid])
  await storm.strike(() => nodes.all[0]!.kill())
  const { cpuSeconds, loadCpuSeconds } = close()
  await storm.settle()
  const [nodeCpuSeconds, redisCpuSeconds] = cpuSeconds as [number, number]
  return { ...storm.result, nodeCpuSeconds, redisCpuSeconds, loadCpuSeconds }
}

/** Clients on two nodes, a publisher, and what becomes of them when the first node dies. */
class Storm implements StormSink, Disposable {
  readonly #ports: readonly number[]
  readonly #waits: boolean
  readonly #clients: readonly StormClient[]
  readonly #resumed = new Latencies()
  readonly #isResumed = new Set<StormClient>()
  readonly #moving = new Set<StormClient>()
  readonly #reasons = new Set<string>()
  #opened = 0
  #refused = 0
  #struckAt = Number.NaN
  /** The newest number that was acknowledged. */
  #acknowledged = 0
  #isPublishing = true
  #publishing: Promise<void> = Promise.resolve()

  constructor(ports: readonly number[], count: number, waits: boolean) {
    this.#ports = ports
    this.#waits = waits
    const address = (index: number) => `127.0.0.${2 + Math.floor(index / clientsPerAddress)}`
    this.#clients = Array.from(
      { length: count },
      (_, index) => new StormClient(tidings.streamPath, address(index), this),
    )
  }

  get result(): Metrics {
    const sum = (key: 'lost' | 'repeated') => this.#clients.reduce((total, client) => total + client[key], 0)
    const isBack = this.#isResumed.size >= this.#moving.size * 0.99
    const isAll = this.#isResumed.size === this.#moving.size
    const behind = this.#clients.reduce((total, { number }) => total + this.#acknowledged - number, 0)
    return {
      moved: this.#moving.size,
      p50Seconds: this.#resumed.quantileMs(0.5) / 1000,
      p99Seconds: isBack ? this.#resumed.quantileMs(0.99) / 1000 : Number.POSITIVE_INFINITY,
      allSeconds: isAll ? this.#resumed.maxMs / 1000 : Number.POSITIVE_INFINITY,
      lost: sum('lost') + behind,
      repeated: sum('repeated'),
      refused: this.#refused,
      published: this.#acknowledged,
    }
  }

  /** Opens all streams, and begins to publish. */
  async gather(): Promise<void> {
    for (const [index, client] of this.#clients.entries()) {
      client.connect(this.#ports[index % 2]!)
      if (index % 200 === 199) await until(() => this.#opened + this.#refused > index, limitMs)
    }
    const all = this.#clients.length
    if (!(await until(() => this.#opened === all, limitMs))) throw this.#failure('opened')
    this.#publishing = this.#publish()
    // Some events for each, so that none comes back from the very beginning.
    const enough = eventsPerSecond * 2
    if (!(await until(() => this.#everybodyHas(enough), limitMs))) throw this.#failure('received')
  }

  /** Kills the first node, and waits until all its clients are back. */
  async strike(kill: () => Promise<void>): Promise<void> {
    this.#struckAt = performance.now()
    await kill()
    const count = Math.ceil(this.#clients.length / 2)
    await until(() => this.#isResumed.size >= count, limitMs)
  }

  /** Publishes a little longer, and waits until everybody has all of it. */
  async settle(): Promise<void> {
    const enough = this.#acknowledged + eventsPerSecond
    await until(() => this.#acknowledged >= enough, limitMs)
    this.#isPublishing = false
    await this.#publishing
    await until(() => this.#everybodyHas(this.#acknowledged), limitMs)
  }

  onOpen(client: StormClient, times: number): void {
    this.#opened++
    if (times === 1) return
    client.wanted = this.#acknowledged
    this.onNumber(client)
  }

  onNumber(client: StormClient): void {
    if (!this.#moving.has(client) || this.#isResumed.has(client) || client.number < client.wanted) return
    this.#isResumed.add(client)
    this.#resumed.add((performance.now() - this.#struckAt) * 1000)
  }

  onCut(client: StormClient): void {
    this.#moving.add(client)
    client.wanted = Number.POSITIVE_INFINITY
    if (this.#waits) setTimeout(() => client.connect(this.#ports[1]!), client.retryMs)
    else client.connect(this.#ports[1]!)
  }

  onRefused(_: StormClient, reason: string): void {
    this.#refused++
    if (this.#reasons.size < 5) this.#reasons.add(reason)
  }

  [Symbol.dispose](): void {
    this.#isPublishing = false
    for (const client of this.#clients) client.close()
  }

  #everybodyHas(number: number): boolean {
    return this.#clients.every((client) => client.number >= number)
  }

  /** One number after the other, to the nodes in turn; under its own key, to the other node if one is gone. */
  async #publish(): Promise<void> {
    const callers = new Map<number, Caller>()
    const start = performance.now()
    for (let number = 1; this.#isPublishing; number++) {
      await pause(Math.max(1, start + (number * 1000) / eventsPerSecond - performance.now()))
      const headers = { 'Idempotency-Key': `storm-${number}` }
      const request = postRequest('/api/events', eventsBody([payload(firstNumber + number)]), headers)
      for (let turn = number; ; turn++) {
        if (await this.#send(callers, this.#ports[turn % 2]!, request)) break
        if (turn > number + 10) throw new Error(`event ${number} is taken by nobody`)
      }
      this.#acknowledged = number
    }
    for (const caller of callers.values()) caller.close()
  }

  async #send(callers: Map<number, Caller>, port: number, request: Buffer): Promise<boolean> {
    try {
      const caller = callers.get(port) ?? (await Caller.open(port))
      callers.set(port, caller)
      const { status } = await caller.call(request)
      return status >= 200 && status < 300
    } catch {
      callers.delete(port)
      return false
    }
  }

  #failure(what: string): Error {
    return new Error(`not all ${what}, ${this.#opened} are open: ${[...this.#reasons].join('; ')}`)
  }
}
