import { isLoopback } from '../config/exposure.ts'

/** Addresses that stand for all addresses: nobody asks for a server by them. */
const everyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])

/** Values of the header that were found good are remembered: they are few, and each request brings one. */
const remembered = 64

/** Names under which the server may be asked. */
export interface HostListOptions {
  readonly allowedHosts: readonly string[]
  /** The address that it listens on. */
  readonly host: string
  /** Looked at for each request: a server leaves dev mode with its first key. */
  readonly mode: 'dev' | 'production'
}

/**
 * The names under which a request may ask for this server. DNS rebinding makes a page of an attacker's the same
 * origin as a server on the visitor's own machine; the one thing that it can't change is the name in `Host`.
 */
export class HostList {
  readonly #names: ReadonlySet<string>
  readonly #options: HostListOptions
  readonly #good = new Set<string>()

  constructor(options: HostListOptions) {
    const { allowedHosts, host } = options
    const own = everyAddress.has(host) ? [] : [host]
    this.#names = new Set([...allowedHosts, ...own].map(nameOf))
    this.#options = options
  }

  /** @param header the `Host` of a request; HTTP/1.0 has none, and no browser speaks that. */
  allows(header: string | undefined): boolean {
    if (this.#isOpen() || header === undefined || this.#good.has(header)) return true
    const name = nameOf(header)
    if (!isLocalName(name) && !this.#names.has(name)) return false
    if (this.#good.size < remembered) this.#good.add(header)
    return true
  }

  /** In production everybody shows a credential, which a browser sends to no other name. */
  #isOpen(): boolean {
    return this.#options.allowedHosts.length === 0 && this.#options.mode === 'production'
  }
}

/** A name without port, case, and the dot that ends a full one. An address in brackets loses them. */
function nameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(host)
  const name = bracketed?.[1] ?? (host.split(':').length === 2 ? host.slice(0, host.indexOf(':')) : host)
  return name.toLowerCase().replace(/\.$/, '')
}

function isLocalName(name: string): boolean {
  return isLoopback(name) || name.endsWith('.localhost')
}
