import { printable } from '../terminal.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Probe } from './probe.ts'

/** A stream says something at once; whoever is between holds it back if it takes longer than this. */
const promptMs = 1_500

/** A heartbeat may be late by this much before somebody is holding it back. */
const heartbeatGraceMs = 2_000

/** What presents a stream as it comes: the settings of the usual proxies. */
export const unbuffered =
  'nginx: proxy_buffering off, and no proxy_ignore_headers X-Accel-Buffering; Caddy: flush_interval -1; ' +
  'HAProxy: no option http-buffer-response'

const patient = 'nginx: proxy_read_timeout 60s; HAProxy: timeout server 60s; Caddy waits by itself'

/** Whether the first block came at once. */
export function judgePromptness({ bodyMs }: Pick<Probe, 'bodyMs'>): Finding {
  if (bodyMs !== undefined && bodyMs <= promptMs) {
    return ok('stream', `the first block is there after ${Math.ceil(bodyMs)} ms`)
  }
  const late = bodyMs === undefined ? 'does not arrive' : `arrives after ${(bodyMs / 1_000).toFixed(1)} s`
  return fail('stream', `the first block ${late}: something on the way buffers. ${unbuffered}`)
}

/** Whether the headers of PROTOCOL.md §5.2 came through. Not X-Accel-Buffering: nginx keeps it to itself. */
export function judgeHead({ headers }: Pick<Probe, 'headers'>): Finding[] {
  const findings: Finding[] = []
  const { 'content-type': type, 'content-encoding': encoding, 'cache-control': caching } = headers
  if (!type?.startsWith('text/event-stream')) {
    findings.push(fail('head', `Content-Type is ${printable(type ?? 'missing')}, not text/event-stream`))
  }
  if (encoding !== undefined) {
    findings.push(
      fail(
        'head',
        'the stream is compressed on the way, which holds events back; leave text/event-stream out (nginx: gzip_types)',
      ),
    )
  }
  if (!caching?.includes('no-cache')) {
    findings.push(warn('head', 'Cache-Control was taken away; let it through, or caches may keep the stream'))
  }
  return findings.length === 0 ? [ok('head', 'the headers of a stream arrive as they were sent')] : findings
}

/** Whether the garbage that was brought as the last id was answered with a gap. */
export function judgeResume({ body }: Pick<Probe, 'body'>): Finding {
  if (body.includes('event: gap')) return ok('resume', 'Last-Event-ID gets through')
  return fail(
    'resume',
    'Last-Event-ID does not get through: clients that reconnect would miss events; let the header pass',
  )
}

/** Whether a stream that was left alone lived until its first heartbeat. @param waitedMs how long it was watched. */
export function judgeHeartbeat(
  { body, endedMs }: Pick<Probe, 'body' | 'endedMs'>,
  waitedMs: number,
): Finding {
  const everyMs = Number(/"heartbeatMs":(\d+)/.exec(body)?.[1] ?? Number.NaN)
  const every = `${everyMs / 1_000} s`
  if (body.includes(heartbeat)) return ok('heartbeat', `something arrives every ${every}`)
  if (endedMs !== undefined) {
    const after = `${(endedMs / 1_000).toFixed(1)} s`
    return fail(
      'heartbeat',
      `the stream was cut after ${after}: something on the way is impatient. ${patient}`,
    )
  }
  if (Number.isNaN(everyMs)) {
    return fail(
      'heartbeat',
      `nothing arrived for ${waitedMs / 1_000} s: something on the way buffers. ${unbuffered}`,
    )
  }
  if (waitedMs < everyMs + heartbeatGraceMs) {
    return warn('heartbeat', `not waited for long enough: it is sent every ${every}; give a longer --wait`)
  }
  return fail('heartbeat', `none for ${waitedMs / 1_000} s, though one is sent every ${every}. ${unbuffered}`)
}

/** A comment on a line of its own, PROTOCOL.md §5.5. */
export const heartbeat = '\n:\n'
