import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { until } from '../../../../tests/support/until.ts'
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

  const fields = {
    token: 's3cret',
    list: [{ deep: { deeper: { jwtSecret: 's3cret', Ticket: 's3cret', 'x-api-key': 's3cret' } } }],
    reason: 'no such key: tdk_k3v9x2m1qzab_s3cret0000',
    url: '/events?ticket=tdt_ab12cd34_s3cret0000&topic=a',
    said: 'authorization: bearer s3cret',
    lines: 'one\ntdk_k3v9x2m1qzab_s3cret\nBearer s3cret',
    claims: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.s3cret-_0',
  }

  it.each(['json', 'pretty'] as const)(
    'censors by name at any depth, and by shape, in %s',
    async (format) => {
      const { lines, destination } = collect()
      const logger = await createLogger({ level: 'info', format, destination })
      const err = Object.assign(
        new Error('eyJhbGciOiJIUzI1NiJ9.e30.s3cret is bad', { cause: new Error('tdk_a_s3cret') }),
        {
          request: { headers: { cookie: 's3cret' } },
        },
      )
      logger.info({ ...fields, err }, 'hello')
      logger.info(new Error('Bearer s3cret'))
      const written = lines.join('')
      expect(written).not.toContain('s3cret')
      expect(written).toContain('&topic=a')
      expect(written).toContain('is bad')
    },
  )

  const evil = 'a\u001b[31mb\u0007\r\nforged\u009b1m\u202ec\u2028d\u007f\u{e0041}'

  it.each(['json', 'pretty'] as const)(
    'lets nothing through that a terminal obeys, in %s',
    async (format) => {
      const { lines, destination } = collect()
      const logger = await createLogger({ level: 'info', format, destination })
      logger.info({ topic: evil, list: [evil], headers: { [evil]: evil }, err: new Error(evil) }, evil)
      // pino-pretty prints stacks in two ways, depending on this.
      logger.info(new Error(evil.replace('\u2028', '')))
      const written = lines.join('')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
      expect(written).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|\p{Cf}/u)
      for (const line of written.split('\n')) expect(line).not.toMatch(/^\s*forged/)
      if (format === 'json') expect(JSON.parse(lines[0]!)).toMatchObject({ topic: evil, msg: evil })
    },
  )

  it('leaves a stack its lines for people', async () => {
    const { lines, destination } = collect()
    const logger = await createLogger({ level: 'info', format: 'pretty', destination })
    logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
    expect(lines.join('')).toMatch(/\n +Error: outer\n( +at .*\n)+ +caused by: Error: inner\n( +at .*\n)+/)
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
    // How much of a core it got is the machine's affair; that the figure is the right one is ours. A process that is
    // made to wait between the two looks is told two figures, and looks again.
    const busy = await until('two looks that agree', () => {
      const sample = createMachineSampler()
      const [ownBefore, began] = [process.cpuUsage(), performance.now()]
      while (ownMs(ownBefore) < 100) Math.sqrt(performance.now())
      const found = sample()
      const expected = (ownMs(ownBefore) / (performance.now() - began)) * 100
      return Math.abs(found.cpu.processPercent / expected - 1) < 0.2 && found
    })
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
