import { describe, expect, it } from 'vitest'
import { HostList } from './host-list.ts'

function listOf(options: Partial<ConstructorParameters<typeof HostList>[0]>): HostList {
  return new HostList({ allowedHosts: [], host: '127.0.0.1', mode: 'dev', ...options })
}

const local = [
  'localhost',
  'localhost:3000',
  'LOCALHOST',
  'localhost.',
  'app.localhost',
  '127.0.0.1:3000',
  '127.8.8.8',
  '[::1]',
  '[::1]:3000',
]
const foreign = [
  'evil.test',
  'evil.test:3000',
  'localhost.evil.test',
  '127.0.0.1.evil.test',
  'evil.test:127.0.0.1',
  '192.168.1.5',
  '[2001:db8::1]:3000',
  '[::1',
  '::1]',
  '',
  'localhost@evil.test',
  '0.0.0.0',
  'evillocalhost',
]

describe('in dev mode', () => {
  it.each(local)('%j is this machine', (host) => expect(listOf({}).allows(host)).toBe(true))
  it.each(foreign)('%j is not', (host) => expect(listOf({}).allows(host)).toBe(false))
  it('a request without a name passes: no browser makes one', () =>
    expect(listOf({}).allows(undefined)).toBe(true))
})

describe('in production', () => {
  it('every name passes, until some are listed', () => {
    expect(listOf({ mode: 'production' }).allows('anything.example')).toBe(true)
    const listed = listOf({ mode: 'production', allowedHosts: ['Push.Example'], host: '10.0.0.7' })
    for (const host of ['push.example', 'PUSH.example:443', 'push.example.', '10.0.0.7:3000', 'localhost']) {
      expect(listed.allows(host), host).toBe(true)
    }
    for (const host of ['push.example.evil.test', 'other.example', '10.0.0.8'])
      expect(listed.allows(host), host).toBe(false)
  })

  it('the address that stands for all is no name', () => {
    expect(
      listOf({ mode: 'production', allowedHosts: ['a.example'], host: '0.0.0.0' }).allows('0.0.0.0'),
    ).toBe(false)
  })
})
