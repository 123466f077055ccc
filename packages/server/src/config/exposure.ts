import { BlockList, isIP } from 'node:net'
import type { ConfigProblem } from './config-error.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Refuses dev mode where other machines could reach it: everybody there could read and publish everything. */
export function checkExposure({
  host,
  dev,
}: {
  readonly host: string
  readonly dev: 'auto' | 'on' | 'off'
}): ConfigProblem | undefined {
  if (isLoopback(host) || dev !== 'on') return undefined
  return {
    key: 'host',
    source: JSON.stringify(host),
    remedy:
      'would open dev mode, in which nobody is asked for anything, to other machines; leave dev out and make a key' +
      ' with "tidings keys create", or keep the host on 127.0.0.1',
  }
}

/** Whether an address or a name is this machine's own, which no other machine reaches. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  if (family === 0) return host.toLowerCase() === 'localhost'
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
}
