import { expect, it } from 'vitest'
import {
  judgeAnonymous,
  judgeClock,
  judgeEncryption,
  judgeMetrics,
  judgeMode,
  judgeNames,
} from './server-findings.ts'

const here = new URL('http://localhost:3000/')
const away = new URL('http://push.example/')
const now = Date.UTC(2026, 10, 21)
const day = 86_400_000

it('dev mode is a warning on its own machine, and a mistake anywhere else', () => {
  expect(judgeMode('production', away).level).toBe('ok')
  for (const base of ['http://localhost:3000/', 'http://127.0.0.1:3000/', 'http://[::1]:3000/']) {
    expect(judgeMode('dev', new URL(base)).level).toBe('warn')
  }
  expect(judgeMode('dev', away).level).toBe('fail')
  expect(judgeMode(undefined, here).level).toBe('fail')
})

it('a way that is not encrypted matters where it leaves the machine', () => {
  expect(judgeEncryption(undefined, here, now)).toEqual([])
  expect(judgeEncryption(undefined, away, now)).toMatchObject([{ level: 'warn', check: 'TLS' }])
})

it('a certificate that ends soon, and a server without HTTP/2, are warnings', () => {
  const soon = judgeEncryption({ endsAt: now + 13.5 * day, offersHttp2: false }, away, now)
  expect(soon).toMatchObject([
    { level: 'warn', text: expect.stringContaining('13 days') },
    { level: 'warn', check: 'HTTP/2' },
  ])
  const good = judgeEncryption({ endsAt: now + 80 * day, offersHttp2: true }, away, now)
  expect(good.map(({ level }) => level)).toEqual(['ok', 'ok'])
})

it('clocks may be apart by as much as answers take', () => {
  expect(judgeClock(new Date(now - 4_000).toUTCString(), now).level).toBe('ok')
  expect(judgeClock(undefined, now).level).toBe('ok')
  expect(judgeClock(new Date(now + 60_000).toUTCString(), now)).toMatchObject({
    level: 'warn',
    text: expect.stringContaining('60 s'),
  })
})

it('in production, whoever shows nothing reads nothing', () => {
  expect(judgeAnonymous(401, 'production').level).toBe('ok')
  expect(judgeAnonymous(200, 'production').level).toBe('fail')
  expect(judgeAnonymous(302, 'production').level).toBe('warn')
  expect(judgeAnonymous(200, 'dev').level).toBe('ok')
  expect(judgeMetrics(401, 'production').level).toBe('ok')
  expect(judgeMetrics(200, 'production').level).toBe('fail')
  expect(judgeMetrics(200, 'dev').level).toBe('ok')
})

it('a server that answers to every name is open to rebinding in dev mode', () => {
  const answer = { status: 200, body: '{"mode":"dev"}' }
  expect(judgeNames(answer, 'dev').level).toBe('fail')
  expect(judgeNames(answer, 'production').level).toBe('warn')
  expect(judgeNames({ status: 403, body: '' }, 'dev').level).toBe('ok')
  expect(judgeNames({ status: 200, body: 'the default site of a proxy' }, 'dev').level).toBe('ok')
  expect(judgeNames(undefined, 'dev').level).toBe('ok')
})
