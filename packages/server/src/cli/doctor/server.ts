import { describeFailure, parseObject } from '../answer.ts'
import type { ServerAddress } from '../server-address.ts'
import { printable } from '../terminal.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type Probe, probe, probeEncryption } from './probe.ts'
import {
  judgeAnonymous,
  judgeClock,
  judgeEncryption,
  judgeMetrics,
  judgeMode,
  judgeNames,
} from './server-findings.ts'
import {
  heartbeat,
  judgeHead,
  judgeHeartbeat,
  judgePromptness,
  judgeResume,
  unbuffered,
} from './stream-findings.ts'

const answerWithinMs = 5_000

/**
 * Looks at a running server, and at whatever stands in front of it.
 * @param waitMs how long to wait for a heartbeat; 0 for not at all.
 */
export async function checkServer(address: ServerAddress, waitMs: number): Promise<Finding[]> {
  const ready = await reach(address)
  if (ready.level === 'fail') return [ready]
  const session = await probe(address, 'api/session', { withinMs: answerWithinMs })
  const { mode } = parseObject(session.body)
  const anonymous = await probe(address, 'api/events?topic=broadcast&limit=1', { withinMs: answerWithinMs })
  const metrics = await probe(address, 'metrics', { withinMs: answerWithinMs })
  return [
    ready,
    judgeMode(mode, address.base),
    ...judgeEncryption(await probeEncryption(address, answerWithinMs), address.base, Date.now()),
    judgeClock(session.headers.date, Date.now()),
    ...(await checkStream(address, waitMs)),
    judgeAnonymous(anonymous.status, mode),
    judgeMetrics(metrics.status, mode),
    judgeNames(await askByAnotherName(address), mode),
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

async function checkStream(address: ServerAddress, waitMs: number): Promise<Finding[]> {
  const stream = await openStream(address, 'event: gap', answerWithinMs)
  if (stream instanceof Error) {
    return [fail('stream', `nothing arrives (${stream.message}): something holds it back. ${unbuffered}`)]
  }
  if (stream.status === 401 || stream.status === 403) {
    const remedy = 'a key or a token that may read "broadcast", e.g. of: tidings token --user me'
    return [warn('stream', `not looked at; set TIDINGS_KEY to ${remedy}`)]
  }
  if (stream.status !== 200) return [fail('stream', `GET /events answers ${stream.status}`)]
  if (/^event: goodbye$/m.test(stream.body)) {
    return [warn('stream', 'not looked at: the server is full, or shutting down')]
  }
  const findings = [judgePromptness(stream), ...judgeHead(stream), judgeResume(stream)]
  if (waitMs === 0) return findings
  const watched = await openStream(address, heartbeat, waitMs)
  if (watched instanceof Error) return [...findings, warn('heartbeat', `not looked at: ${watched.message}`)]
  return [...findings, judgeHeartbeat(watched, waitMs)]
}

/** Brings garbage as the last id: that must be answered with a gap, if it gets through. */
function openStream(address: ServerAddress, until: string, withinMs: number): Promise<Probe | Error> {
  const headers = { 'last-event-id': 'doctor' }
  const opened = probe(address, 'events', { headers, isShown: true, until, withinMs })
  return opened.catch((error: Error) => error)
}

function askByAnotherName(address: ServerAddress): Promise<Probe | undefined> {
  const headers = { host: 'doctor.invalid' }
  return probe(address, 'api/session', { headers, withinMs: answerWithinMs }).catch(() => undefined)
}
