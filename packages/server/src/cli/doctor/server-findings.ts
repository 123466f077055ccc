import { isLoopback } from '../../config/exposure.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Encryption, Probe } from './probe.ts'

/** Clocks further apart than this make tokens end too soon or too late. */
const clockToleranceMs = 5_000

const dayMs = 86_400_000

/** Whether anybody is asked who they are. @param mode what the server says of itself. */
export function judgeMode(mode: unknown, base: URL): Finding {
  if (mode === 'production') return ok('mode', 'production: everybody shows a key or a token')
  if (mode !== 'dev') return fail('mode', 'GET /api/session does not say the mode; is that Tidings?')
  const text = 'dev: everybody who gets here may do everything'
  return isHere(base)
    ? warn('mode', text)
    : fail('mode', `${text}, and this is not its own machine; make a key: tidings keys create`)
}

/** Whether the way to the server is encrypted. */
export function judgeEncryption(encryption: Encryption | undefined, base: URL, now: number): Finding[] {
  if (encryption === undefined) {
    if (isHere(base)) return []
    return [
      warn(
        'TLS',
        'tokens and events go over the network in the clear, and browsers keep no session; use https',
      ),
    ]
  }
  const days = Math.floor((encryption.endsAt - now) / dayMs)
  const text = `the certificate has ${days} days left`
  return [
    days < 14 ? warn('TLS', `${text}; renew it`) : ok('TLS', text),
    encryption.offersHttp2
      ? ok('HTTP/2', 'is offered')
      : warn(
          'HTTP/2',
          'is not offered: a browser holds six streams over all its tabs (nginx: listen 443 ssl http2)',
        ),
  ]
}

/** Whether the server's clock is this one's. @param date of an answer. */
export function judgeClock(date: string | undefined, now: number): Finding {
  const apart = date === undefined ? 0 : Math.abs(Date.parse(date) - now)
  if (apart <= clockToleranceMs) return ok('clock', 'the server’s agrees with this one')
  return warn('clock', `the server’s is ${Math.round(apart / 1_000)} s off this one; tokens end by it`)
}

/** Whether whoever shows nothing is let in. @param status of a page of events that was asked for with nothing. */
export function judgeAnonymous(status: number, mode: unknown): Finding {
  if (mode === 'dev') return ok('anonymous', 'may read, as everything is open in dev mode')
  if (status === 401) return ok('anonymous', 'nobody reads without a key or a token')
  if (status === 200) {
    return fail(
      'anonymous',
      'events can be read with nothing to show; does the proxy add a credential for all?',
    )
  }
  return warn(
    'anonymous',
    `whoever shows nothing is answered ${status}, not 401; does the proxy answer itself?`,
  )
}

/** Whether the figures are open. @param status of `/metrics`, asked for with nothing. */
export function judgeMetrics(status: number, mode: unknown): Finding {
  if (status === 200 && mode === 'production') {
    return fail('metrics', '/metrics answers without a key; who shows one for everybody?')
  }
  return ok('metrics', status === 200 ? 'open, as everything is in dev mode' : '/metrics wants a key')
}

/** Whether any name leads to the server. @param answer to another Host; absent if there was none. */
export function judgeNames(answer: Pick<Probe, 'status' | 'body'> | undefined, mode: unknown): Finding {
  // Whoever stands in front may have hung up, or answered something of its own.
  if (answer?.status !== 200 || !answer.body.includes('"mode"')) {
    return ok('names', 'another name in Host is refused')
  }
  const text = 'every name in Host is answered; name yours in allowedHosts'
  return mode === 'dev' ? fail('names', text) : warn('names', text)
}

function isHere({ hostname }: URL): boolean {
  return isLoopback(hostname.replace(/^\[|\]$/g, ''))
}
