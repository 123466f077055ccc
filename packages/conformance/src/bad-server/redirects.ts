import type { Behaviour } from './exchange.ts'

/** The statuses of redirects. */
export const redirectStatuses = [301, 302, 303, 307, 308] as const

/** A redirect to another path, or to another origin: the script of a second server is one. */
export function redirect(status: (typeof redirectStatuses)[number], location: string | URL): Behaviour {
  return (exchange) => {
    exchange.head(status, { Location: String(location) })
    exchange.end()
  }
}

/** A redirect to the same path, again and again; the query counts, so that no address comes twice. */
export function redirectLoop(status: (typeof redirectStatuses)[number] = 307): Behaviour {
  return (exchange) => {
    const { pathname, searchParams } = new URL(exchange.request.target, 'http://here')
    const turn = Number(searchParams.get('turn') ?? 0) + 1
    exchange.head(status, { Location: `${pathname}?turn=${turn}` })
    exchange.end()
  }
}
