import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../config/exposure.ts'

/** A port after an address, as some proxies write it. */
const withPort = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/

/** An IPv4 address in the clothes of IPv6, as the URL parser spells it. */
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/**
 * Where a request comes from, as far as limits go; `undefined` for this machine itself, as a proxy on it looks the
 * same. Each home has a /64 of IPv6 at least, so that one of its addresses would be no limit at all.
 * @param trustedHops how many proxies of ours have each added the address that they saw to X-Forwarded-For. What
 *   stands before those was written by the client, and may be anything.
 */
export function clientAddress(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  trustedHops: number,
): string | undefined {
  const forwarded = trustedHops === 0 ? undefined : forwardedAddress(headers['x-forwarded-for'], trustedHops)
  const address = forwarded ?? plainAddress(socket.remoteAddress ?? '')
  if (address === undefined || isLoopback(address)) return undefined
  return isIP(address) === 6 ? networkOf(address) : address
}

function forwardedAddress(header: string | string[] | undefined, hops: number): string | undefined {
  const text = Array.isArray(header) ? header.join(',') : header
  const entry = text?.split(',').at(-hops)
  return entry === undefined ? undefined : plainAddress(entry.trim())
}

/** An address without port, zone and clothes; `undefined` for what is none. */
function plainAddress(text: string): string | undefined {
  const [, bracketed, dotted] = withPort.exec(text) ?? []
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/, '')
  const family = isIP(address)
  if (family !== 6) return family === 0 ? undefined : address
  // The URL parser knows every spelling of an address, and writes one.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [, high, low] = mapped.exec(plain) ?? []
  return high === undefined || low === undefined
    ? plain
    : dottedAddress(parseInt(high, 16), parseInt(low, 16))
}

function dottedAddress(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The first 64 bits of an IPv6 address. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`
}
