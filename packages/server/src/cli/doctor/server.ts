import { describeFailure, parseObject } from '../answer.ts'
import type { ServerAddress } from '../server-address.ts'
import { printable } from '../terminal.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type Probe, probe } from './probe.ts'

const answerWithinMs = 5_000

/** A stream says something at once; whoever is between holds it back if it takes longer than this. */
const promptMs = 1_500

/** Clocks further apart than this make tokens end too soon or too late. */
const clockToleranceMs = 5_000

const unbuffered =
  'nginx: proxy_buffering off, and no proxy_ignore_headers X-Accel-Buffering; Caddy: flush_interval -1; ' +
  'HAProxy: no option http-buffer-response'

/** Looks at a running server, and at whatever stands in front of it. */
export async function checkServer(address: ServerAddress): Promise<Finding[]> {
  const ready = await reach(address)
  if (ready.level === 'fail') return [ready]
  const session = await probe(address, 'api/session', { withinMs: answerWithinMs })
  const { mode } = parseObject(session.body)
  return [
    ready,
    checkMode(mode, address),
    checkClock(session.headers.date),
    ...(await checkStream(address)),
    await checkMetrics(address, mode),
    await checkHost(address, mode),
  ]
}

async function reach(address: ServerAddress): Promise<Finding> {
  const { href } = address.base
  try {
    const { status, body } = await probe(address, 'readyz', { withinMs: answerWithinMs })
    const { status: state } = parseObject(body)
    if (status === 200) return ok('reached', `${href} is ready`)
    if (typeof state === 'string') return warn('reached', `${href} is not ready: ${printable(state)}`)
    return fail(
      'reached',
      `${href} answers ${status} at /readyz; is that Tidings, and does the proxy pass all paths on?`,
    )
  } catch (error) {
    return fail(
      'reached',
      `${href} does not answer (${describeFailure(error)}); is the server running there?`,
    )
  }
}

function checkMode(mode: unknown, { base }: ServerAddress): Finding {
  if (mode === 'production') return ok('mode', 'production: everybody shows a key or a token')
  if (mode !== 'dev') return fail('mode', 'GET /api/session does not say the mode; is that Tidings?')
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(base.hostname)
  const text = 'dev: everybody who gets here may do everything'
  return isHere
    ? warn('mode', text)
    : fail('mode', `${text}, and this is not its own machine; make a key: tidings keys create`)
}

function checkClock(date: string | undefined): Finding {
  const apart = date === undefined ? 0 : Math.abs(Date.parse(date) - Date.now())
  if (apart <= clockToleranceMs) return ok('clock', 'the server’s agrees with this one')
  return warn('clock', `the server’s is ${Math.round(apart / 1_000)} s off this one; tokens end by it`)
}

async function checkStream(address: ServerAddress): Promise<Finding[]> {
  const asked = {
    headers: { 'last-event-id': 'doctor' },
    isShown: true,
    until: 'event: gap',
    withinMs: answerWithinMs,
  }
  const stream = await probe(address, 'events', asked).catch((error: Error) => error)
  if (stream instanceof Error)
    return [fail('stream', `nothing arrives (${stream.message}): something holds it back. ${unbuffered}`)]
  if (stream.status === 401 || stream.status === 403) {
    return [warn('stream', 'not looked at; set TIDINGS_KEY to a key or a token that may read "broadcast"')]
  }
  if (stream.status !== 200) return [fail('stream', `GET /events answers ${stream.status}`)]
  return [checkPromptness(stream), ...checkHead(stream), checkResume(stream)]
}

function checkPromptness({ bodyMs }: Probe): Finding {
  if (bodyMs !== undefined && bodyMs <= promptMs)
    return ok('stream', `the first block is there after ${Math.ceil(bodyMs)} ms`)
  const late = bodyMs === undefined ? 'does not arrive' : `arrives after ${(bodyMs / 1_000).toFixed(1)} s`
  return fail('stream', `the first block ${late}: something on the way buffers. ${unbuffered}`)
}

function checkHead({ headers }: Probe): Finding[] {
  const findings: Finding[] = []
  if (!headers['content-type']?.startsWith('text/event-stream')) {
    findings.push(
      fail(
        'head',
        `Content-Type is ${printable(headers['content-type'] ?? 'missing')}, not text/event-stream`,
      ),
    )
  }
  if (headers['content-encoding'] !== undefined) {
    findings.push(
      fail(
        'head',
        'the stream is compressed on the way, which holds events back; leave text/event-stream out (nginx: gzip_types)',
      ),
    )
  }
  if (!headers['cache-control']?.includes('no-cache')) {
    findings.push(warn('head', 'Cache-Control was taken away; let it through, or caches may keep the stream'))
  }
  return findings.length === 0 ? [ok('head', 'the headers of a stream arrive as they were sent')] : findings
}

function checkResume({ body }: Probe): Finding {
  if (body.includes('event: gap')) return ok('resume', 'Last-Event-ID gets through')
  return fail(
    'resume',
    'Last-Event-ID does not get through: clients that reconnect would miss events; let the header pass',
  )
}

async function checkMetrics(address: ServerAddress, mode: unknown): Promise<Finding> {
  const { status } = await probe(address, 'metrics', { withinMs: answerWithinMs })
  if (status === 200 && mode === 'production')
    return fail('metrics', '/metrics answers without a key; who shows one for everybody?')
  return ok('metrics', status === 200 ? 'open, as everything is in dev mode' : '/metrics wants a key')
}

async function checkHost(address: ServerAddress, mode: unknown): Promise<Finding> {
  const headers = { host: 'doctor.invalid' }
  const answer = await probe(address, 'api/session', { headers, withinMs: answerWithinMs }).catch(
    () => undefined,
  )
  // Whoever stands in front may have hung up, or answered something of its own.
  if (answer?.status !== 200 || !answer.body.includes('"mode"'))
    return ok('names', 'another name in Host is refused')
  const text = 'every name in Host is answered; name yours in allowedHosts'
  return mode === 'dev' ? fail('names', text) : warn('names', text)
}
