import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clientAddress } from './client-address.ts'

function addressOf(remoteAddress: string | undefined, hops = 0, forwarded?: string): string | undefined {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return clientAddress({ headers, socket: { remoteAddress } as never }, hops)
}

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:FFFF:203.0.113.7', '203.0.113.7'],
  ['::ffff:7f00:1', undefined],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::ffff', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2:aaaa::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['127.0.0.1', undefined],
  ['::1', undefined],
  ['::ffff:127.0.0.1', undefined],
  [undefined, undefined],
])('a socket from %s counts for %s', (remote, expected) => {
  expect(addressOf(remote)).toBe(expected)
})

it('what a client writes into X-Forwarded-For counts for nothing, but for what trusted proxies added', () => {
  expect(addressOf('198.51.100.1', 0, '203.0.113.7')).toBe('198.51.100.1')
  expect(addressOf('127.0.0.1', 1, '6.6.6.6, 203.0.113.7')).toBe('203.0.113.7')
  expect(addressOf('127.0.0.1', 2, '6.6.6.6, 203.0.113.7, 10.0.0.1')).toBe('203.0.113.7')
  expect(addressOf('127.0.0.1', 1, '203.0.113.7:4711')).toBe('203.0.113.7')
  expect(addressOf('127.0.0.1', 1, '[2001:db8:1:2::5]:4711')).toBe('2001:db8:1:2::/64')
})

it('a header that says less than the proxies promise, or nonsense, leaves the address of the socket', () => {
  expect(addressOf('198.51.100.1', 3, '203.0.113.7')).toBe('198.51.100.1')
  for (const nonsense of ['', ',', 'unknown', '1.2.3', '1.2.3.4.5', '<script>', 'x'.repeat(10_000)]) {
    expect(addressOf('198.51.100.1', 1, nonsense)).toBe('198.51.100.1')
  }
})

it('whatever is sent, the name of a counter is short', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(3), (forwarded, hops) => {
      expect((addressOf('198.51.100.1', hops, forwarded) ?? '').length).toBeLessThan(45)
    }),
  )
  fc.assert(
    fc.property(fc.ipV6(), (address) =>
      /^([0-9a-f]{1,4}:){4}:\/64$|^\d+(\.\d+){3}$/.test(addressOf(address) ?? '1.1.1.1'),
    ),
  )
})
