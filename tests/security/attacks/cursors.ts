import { type Attack, attack, must, mustAnswer } from './attack.ts'

/** Last ids, and what replay lets through. */
export const cursors: readonly Attack[] = [
  attack('S06', 'last ids of every kind of nonsense', async (target) => {
    const ids = [
      'x',
      '-1',
      '0',
      '99999999999999999999',
      'aaaaaaaaaa.1.aaaaa',
      "' or 1=1",
      '%0d%0aevent: x',
      'é',
      'x'.repeat(8_000),
    ]
    const bodies = await Promise.all(
      ids.map((id) =>
        target.follow('/events?topic=corner/a', target.admin, 'event: gap', [
          `Last-Event-ID: ${Buffer.from(id).toString('latin1')}`,
        ]),
      ),
    )
    for (const { body, status } of bodies)
      must(status === 200 && /"reason":"(bad-cursor|epoch)"/.test(body), 'no gap')
    for (const [index, { raw }] of bodies.entries()) {
      if (ids[index]!.length > 3 && !/^[a-z0-9.]+$/.test(ids[index]!))
        must(!raw.includes(ids[index]!), 'the id came back')
    }
    return '200 and gap, nothing repeated'
  }),
  attack('S07', 'a last id of an event that its reader may not see', async (target) => {
    const published = await target.send(
      '/api/events',
      { topic: 'secret/s07', data: 'hidden' },
      { shown: target.admin },
    )
    const id = (JSON.parse(published.body) as { ids: string[] }).ids[0]!
    const alice = await target.token('alice')
    const { body } = await target.follow('/events', alice, 'event: live', [`Last-Event-ID: ${id}`])
    must(!body.includes('hidden') && !body.includes('secret/'), 'the event got out')
    return 'a place is told, no event'
  }),
  attack('S08', 'replay, live and pages after rights were narrowed', async (target) => {
    const start = await target.send(
      '/api/events',
      { topic: 'team/red', data: 's08-start' },
      { shown: target.admin },
    )
    const id = (JSON.parse(start.body) as { ids: string[] }).ids[0]!
    await target.send(
      '/api/events',
      [
        { topic: 'team/blue', data: 's08-blue' },
        { topic: 'team/red', data: 's08-red' },
      ],
      { shown: target.admin },
    )
    const narrowed = await target.token('alice', { tidings: { subscribe: ['team/red'] } })
    const replay = await target.follow('/events?topic=team/*', narrowed, 'event: live', [
      `Last-Event-ID: ${id}`,
    ])
    const page = await target.ask('/api/events?topic=team/*', { shown: narrowed })
    const live = await target.openStream('/events?topic=team/*', { authorization: `Bearer ${narrowed}` })
    await target.send(
      '/api/events',
      [
        { topic: 'team/blue', data: 's08-blue' },
        { topic: 'team/red', data: 's08-live' },
      ],
      { shown: target.admin },
    )
    const deadline = performance.now() + 30_000
    while (!live.text().includes('s08-live') && performance.now() < deadline) await target.stuckMs()
    live.close()
    for (const text of [replay.body, page.body, live.text()])
      must(!text.includes('s08-blue'), 'a team saw the other')
    must(
      replay.body.includes('s08-red') && page.body.includes('s08-red') && live.text().includes('s08-live'),
      'too little arrived',
    )
    return 'live, replay and page let through the same'
  }),
  attack('S55', 'the volume of other topics, from ids', async (target) => {
    const alice = await target.token('alice')
    const { body } = await target.follow('/events', alice, 'event: connected')
    must(/^id: [0-9a-z]{10}\.[0-9a-z]+\.[0-9a-z]{5}$/m.test(body), 'an unexpected id')
    return 'numbers do tell how much is published; docs/security.md says so'
  }),
  attack('S54', 'an event between the check and the write, while rights are revoked', async (target) => {
    const alice = await target.token('revoked-user', { jti: 's54' })
    const stream = await target.openStream('/events?userId=revoked-user', {
      authorization: `Bearer ${alice}`,
    })
    while (!stream.text().includes('connected')) await target.stuckMs()
    const flood = Array.from({ length: 200 }, (_, data) =>
      target.send(
        '/api/events',
        { topic: 'user/revoked-user', data: `before-${data}` },
        { shown: target.admin },
      ),
    )
    mustAnswer(await target.send('/api/admin/revoke', { user: 'revoked-user' }, { shown: target.admin }), 200)
    await target.send(
      '/api/events',
      { topic: 'user/revoked-user', data: 'afterwards' },
      { shown: target.admin },
    )
    await Promise.all(flood)
    const deadline = performance.now() + 30_000
    while (!stream.text().includes('"revoked"') && performance.now() < deadline) await target.stuckMs()
    must(stream.text().includes('"reason":"revoked","reconnect":false'), 'the stream lives on')
    must(!stream.text().includes('afterwards'), 'an event came after the revocation')
    stream.close()
    return `goodbye revoked; then ${mustAnswer(await target.ask('/events', { shown: alice }), 401)}`
  }),
  attack('F55', 'reading on after the token has expired', async (target) => {
    const exp = Math.ceil(Date.now() / 1_000) + 5
    const token = await target.token('alice', { exp })
    const stream = await target.openStream('/events', { authorization: `Bearer ${token}` })
    while (
      !stream.text().includes('"goodbye"') &&
      !stream.text().includes('goodbye') &&
      Date.now() < exp * 1_000 + 30_000
    ) {
      await target.send(
        '/api/events',
        { topic: 'broadcast', data: `at ${Date.now()}` },
        { shown: target.admin },
      )
    }
    const late = [...stream.text().matchAll(/"at (\d+)"/g)].filter(
      ([, at]) => Number(at) > exp * 1_000 + 1_000,
    )
    must(late.length === 0, `${late.length} events came too late`)
    must(
      stream.text().includes('event: expiring') &&
        stream.text().includes('"reason":"expired","reconnect":true'),
      'it was not told',
    )
    stream.close()
    return `told, ended within a second; then ${mustAnswer(await target.ask('/events', { shown: token }), 401)}`
  }),
  attack('F56', 'reading on after a revocation, and catching up once allowed again', async (target) => {
    const first = await target.token('carol', { jti: 'f56' })
    const { body } = await target.follow('/events?userId=carol', first, 'event: connected')
    const place = /^id: (.+)$/m.exec(body)![1]!
    await target.send('/api/admin/revoke', { tokenId: 'f56' }, { shown: target.admin })
    await target.send('/api/events', { topic: 'user/carol', data: 'while away' }, { shown: target.admin })
    mustAnswer(
      await target.ask('/events?userId=carol', { shown: first, headers: [`Last-Event-ID: ${place}`] }),
      401,
    )
    const again = await target.follow('/events?userId=carol', await target.token('carol'), 'event: live', [
      `Last-Event-ID: ${place}`,
    ])
    must(again.body.includes('while away'), 'what came meanwhile is missing')
    return '401 while revoked; nothing missed afterwards'
  }),
]
