import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { controlTypes } from './control.ts'
import { encodeBlock, encodeComment } from './encode.ts'
import { limits } from './limits.ts'
import { problems } from './problem.ts'

const root = new URL('../../../', import.meta.url)
const page = readFileSync(new URL('PROTOCOL.md', root), 'utf8')

/** The text of a numbered section, without the sections that follow it on the same level. */
function section(number: string): string {
  const level = number.includes('.') ? '###' : '##'
  const begin = page.indexOf(`\n${level} ${number} `)
  expect(begin, `PROTOCOL.md has no section ${number}`).toBeGreaterThan(-1)
  const end = page.indexOf(`\n${level} `, begin + 1)
  return page.slice(begin, end === -1 ? undefined : end)
}

/** The first two cells of every row of a section's table whose first cell is code. */
function rows(number: string): [name: string, value: number][] {
  return [...section(number).matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)].map(([, name, value]) => [
    name!,
    Number(value!.replaceAll(',', '')),
  ])
}

describe('PROTOCOL.md', () => {
  test('tells every problem code once, with its status, and no other', () => {
    const expected = Object.entries(problems).map(([code, { status }]) => [code, status])
    expect(rows('9').sort()).toEqual(expected.sort())
  })

  test('tells every limit once, with its value, and no other', () => {
    expect(rows('10.1').sort()).toEqual(Object.entries(limits).sort())
  })

  test('tells every control event', () => {
    const told = [...section('5.4').matchAll(/^\*\*`(\w+)`\*\*/gm)].map(([, type]) => type)
    expect(told.sort()).toEqual([...controlTypes].sort())
  })

  test('shows a stream as the encoder writes it', () => {
    const place = 'k3v9x0a1b2.7pu.0qz8d'
    const connected = { clientId: 'c1f0a9', resumed: true, cursor: place, heartbeatMs: 15_000 }
    const goodbye = { reason: 'drain', reconnect: true, retryMs: 2_780 }
    const stream = [
      encodeBlock({
        retry: 2_143,
        type: 'connected',
        id: 'k3v9x0a1b2.7ps.x9k2m',
        data: JSON.stringify(connected),
      }),
      encodeBlock({
        type: 'notification',
        id: 'k3v9x0a1b2.7pt.m2k9x',
        topic: 'user/alice',
        timeMs: 1_795_208_400_000,
        data: '{"type":"success","title":"Deploy Complete"}',
      }),
      encodeBlock({
        id: place,
        topic: 'logs/app',
        timeMs: 1_795_208_400_250,
        data: 'first line\r\nsecond line',
      }),
      encodeBlock({ type: 'live', id: place, data: JSON.stringify({ cursor: place, replayed: 2 }) }),
      encodeComment(''),
      encodeBlock({ id: 'k3v9x0a1b2.7pw.p51ct' }),
      encodeBlock({ retry: 2_780, type: 'goodbye', data: JSON.stringify(goodbye) }),
    ]
    expect(section('5.4')).toContain(`\n\`\`\`sse\n${stream.join('')}\`\`\`\n`)
  })

  test('has every section that code cites', () => {
    const headings = new Set([...page.matchAll(/^##+ ([\d.]+) /gm)].map(([, number]) => number))
    const missing: string[] = []
    for (const file of ['PROTOCOL.md', ...globSync('{packages,apps}/*/src/**/*.{ts,tsx}', { cwd: root })]) {
      for (const [, number] of readFileSync(new URL(file, root), 'utf8').matchAll(/§(\d+(?:\.\d+)?)/g)) {
        if (!headings.has(number)) missing.push(`${file}: §${number}`)
      }
    }
    expect(missing).toEqual([])
    expect(headings.size).toBeGreaterThan(20)
  })
})
