import { describe, expect, it } from 'vitest'
import { judgeHead, judgeHeartbeat, judgePromptness, judgeResume } from './stream-findings.ts'

const head = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
}

it('a first block that comes late, or not at all, was buffered', () => {
  expect(judgePromptness({ bodyMs: 3.2 })).toMatchObject({
    level: 'ok',
    text: expect.stringContaining('4 ms'),
  })
  for (const bodyMs of [4_000, undefined]) {
    const { level, text } = judgePromptness({ bodyMs })
    expect(level).toBe('fail')
    for (const setting of ['proxy_buffering off', 'flush_interval -1', 'http-buffer-response']) {
      expect(text).toContain(setting)
    }
  }
})

it('every header that was changed on the way is named', () => {
  expect(judgeHead({ headers: head }).map(({ level }) => level)).toEqual(['ok'])
  const changed = judgeHead({ headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' } })
  expect(changed.map(({ level }) => level)).toEqual(['fail', 'fail', 'warn'])
  expect(changed.map(({ text }) => text).join()).toMatch(/text\/html.*compressed.*Cache-Control/)
})

it('a header of somebody else does not write on the terminal', () => {
  const [finding] = judgeHead({ headers: { ...head, 'content-type': 'a\u001b[2Jb' } })
  expect(finding!.text).not.toContain('\u001b')
})

it('garbage as the last id is answered with a gap, if it gets through', () => {
  expect(judgeResume({ body: 'event: connected\n\nevent: gap\n' }).level).toBe('ok')
  expect(judgeResume({ body: 'event: connected\n\n' }).level).toBe('fail')
})

describe('a heartbeat', () => {
  const begun = 'event: connected\ndata: {"heartbeatMs":15000}\n\n'

  it('that came is fine', () => {
    const body = `${begun}:\nid: k3v9x0a1b2.7ps.x9k2m\n\n`
    expect(judgeHeartbeat({ body, endedMs: undefined }, 20_000)).toMatchObject({
      level: 'ok',
      text: expect.stringContaining('15 s'),
    })
  })

  it('that never came because the stream was cut is the fault of an impatient proxy', () => {
    expect(judgeHeartbeat({ body: begun, endedMs: 10_020 }, 20_000)).toMatchObject({
      level: 'fail',
      text: expect.stringMatching(/cut after 10\.0 s.*proxy_read_timeout/),
    })
  })

  it('that did not come though it was due was held back', () => {
    expect(judgeHeartbeat({ body: begun, endedMs: undefined }, 20_000).level).toBe('fail')
    expect(judgeHeartbeat({ body: '', endedMs: undefined }, 20_000).level).toBe('fail')
  })

  it('that was not due yet says nothing', () => {
    expect(judgeHeartbeat({ body: begun, endedMs: undefined }, 16_000)).toMatchObject({
      level: 'warn',
      text: expect.stringContaining('--wait'),
    })
  })
})
