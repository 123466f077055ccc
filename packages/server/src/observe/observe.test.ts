import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Latency } from './latency.ts'
import { createLogger } from './logger.ts'
import { createMachineSampler } from './machine.ts'
import { RequestMetrics } from './request-metrics.ts'

function collect(): { lines: string[]; destination: Writable } {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { lines, destination }
}

describe('the logger', () => {
  it('never writes credentials, wherever they are', async () => {
    const { lines, destination } = collect()
    const logger = await createLogger({ level: 'info', format: 'json', destination })
    const headers = {
      authorization: 'Bearer s3cret',
      cookie: 'sid=s3cret',
      'set-cookie': 's3cret',
      host: 'x',
    }
    logger.info({ headers, request: { headers }, authorization: 's3cret' }, 'hello')
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('s3cret')
    expect(JSON.parse(lines[0]!)).toMatchObject({ headers: { authorization: '[redacted]', host: 'x' } })
  })

  it('is pretty when asked, and as quiet as asked', async () => {
    const { lines, destination } = collect()
    const logger = await createLogger({ level: 'warn', format: 'pretty', destination })
    logger.info('not this')
    logger.warn({ port: 3000 }, 'but this')
    expect(lines.join('')).toMatch(/WARN.*: but this\n {4}port: 3000\n/)
    expect(lines.join('')).not.toContain('not this')
  })
})

function ownMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('the machine sampler', () => {
  it('sees this process at work', async () => {
    const sample = createMachineSampler()
    const [ownBefore, began] = [process.cpuUsage(), performance.now()]
    while (ownMs(ownBefore) < 100) Math.sqrt(performance.now())
    const busy = sample()
    // How much of a core it got is the machine's affair; that the figure is the right one is ours.
    const expected = (ownMs(ownBefore) / (performance.now() - began)) * 100
    expect(busy.cpu.processPercent).toBeGreaterThan(expected * 0.8)
    expect(busy.cpu.processPercent).toBeLessThan(expected * 1.2)
    expect(busy.cpu.percent).toBeGreaterThan(0)
    expect(busy.cpu.percent).toBeLessThanOrEqual(100)
    expect(busy.eventLoop.percent).toBeGreaterThan(50)
    expect(busy.memory.usedBytes).toBeLessThanOrEqual(busy.memory.totalBytes)
    expect(busy.memory.processBytes).toBeGreaterThan(10_000_000)
    expect(busy.cpu.load).toHaveLength(3)
    expect(new Date(busy.time).toISOString()).toBe(busy.time)
  })

  it('has figures even for two samples in one moment', () => {
    const sample = createMachineSampler()
    for (const { cpu, eventLoop } of [sample(), sample()]) {
      for (const figure of [cpu.percent, cpu.processPercent, eventLoop.percent]) {
        expect(Number.isFinite(figure)).toBe(true)
        expect(figure).toBeGreaterThanOrEqual(0)
      }
    }
  })
})

describe('counts of requests', () => {
  it('have few labels, whatever comes', () => {
    const metrics = new RequestMetrics()
    for (let index = 0; index < 100; index++) metrics.countRequest(undefined, `METHOD${index}`, 404)
    metrics.countRequest('/events/:userId', 'GET', 200)
    metrics.countRequest('/events/:userId', 'GET', 204)
    expect([...metrics.requests]).toEqual([
      { route: 'none', method: 'other', status: '4xx', count: 100 },
      { route: '/events/:userId', method: 'GET', status: '2xx', count: 2 },
    ])
  })
})

describe('latencies', () => {
  it('are counted in every bucket that holds them', () => {
    const latency = new Latency()
    for (const seconds of [0.0001, 0.001, 0.003, 60]) latency.observe(seconds)
    expect(latency.count).toBe(4)
    expect(latency.sum).toBeCloseTo(60.0041)
    const counts = new Map(latency.cumulative.map(({ bound, count }) => [bound, count]))
    expect(
      [0.0005, 0.001, 0.0025, 0.005, 10, Number.POSITIVE_INFINITY].map((bound) => counts.get(bound)),
    ).toEqual([1, 2, 2, 3, 3, 4])
  })
})
