import { BlockList, isIP } from 'node:net'
import type { ConfigProblem } from './config-error.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Refuses to be reachable from other machines: without authentication everybody there could read and publish
 * everything.
 */
export function checkExposure(settings: { readonly host: string }): ConfigProblem | undefined {
  const { host } = settings
  if (isLoopback(host)) return undefined
  return {
    key: 'host',
    source: JSON.stringify(host),
    remedy:
      'would open the server to other machines, and there is no authentication yet; keep it on 127.0.0.1 and put' +
      ' a reverse proxy with authentication in front of it (other hosts will be allowed when Tidings has authentication)',
  }
}

/** Whether an address or a name is this machine's own, which no other machine reaches. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  if (family === 0) return host.toLowerCase() === 'localhost'
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4')
}
