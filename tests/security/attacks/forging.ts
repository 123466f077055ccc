import { type Attack, attack, must, mustAnswer } from './attack.ts'

const lineEnds = ['\n', '\r', '\r\n', '\0', '\u0085', '\u2028']

/** Forging blocks, fields, topics and pages. */
export const forging: readonly Attack[] = [
  attack('S01', 'line ends in the type of an event', async (target) => {
    const events = lineEnds.map((end) => ({ topic: 'corner/a', type: `a${end}data: forged`, data: 1 }))
    const before = await target.eventsStored()
    const answers = await Promise.all(
      events.map((event) => target.send('/api/events', event, { shown: target.admin })),
    )
    const batch = await target.send('/api/events', [{ topic: 'corner/a' }, events[0]], {
      shown: target.admin,
    })
    must((await target.eventsStored()) === before, 'something was stored')
    return mustAnswer([...answers, batch], 400)
  }),
  attack('S02', 'line ends and half characters in data', async (target) => {
    const text = 'a\rid: forged\n\n\revent: gap\r\ndata: x'
    mustAnswer(await target.send('/api/events', { topic: 'corner/s02', text }, { shown: target.admin }), 201)
    const half = await target.send('/api/events', '{"topic":"corner/s02","data":"\\ud800"}', {
      shown: target.admin,
    })
    const { body } = await target.follow('/events?topic=corner/s02&last=1', target.admin, 'event: live')
    must(!/^(id: forged|event: gap)/m.test(body.replaceAll('\r', '\n')), 'a line was forged')
    return `${mustAnswer(half, 400)}; every line behind "data: "`
  }),
  attack('S03', 'a comment or a retry made up by a client', async (target) => {
    const { body } = await target.follow('/events?topic=corner/a', target.admin, 'event: connected', [
      'Last-Event-ID: a%0aretry: 1',
    ])
    must(/^retry: \d{4,5}$/m.test(body) && !body.includes('retry: 1\n'), 'retry was forged')
    return 'the server says retry, nobody else'
  }),
  attack('S04', 'events that pass for those of the server', async (target) => {
    const types = ['connected', 'live', 'gap', 'goodbye', 'expiring'].map((type) => ({
      topic: 'corner/a',
      type,
    }))
    const topics = ['$metrics', '$stats/x'].map((topic) => ({ topic }))
    return mustAnswer(
      await Promise.all(
        [...types, ...topics].map((event) => target.send('/api/events', event, { shown: target.admin })),
      ),
      400,
    )
  }),
  attack('S05', 'topics with controls, bidirectional marks, 33 segments, 300 bytes', async (target) => {
    const topics = [
      'a\u0007',
      'a\u202eb',
      'a b',
      '',
      '/',
      'a//b',
      '../a',
      Array(33).fill('a').join('/'),
      'é'.repeat(150),
    ]
    const answers = await Promise.all(
      topics.map((topic) => target.send('/api/events', { topic }, { shown: target.admin })),
    )
    const broken = await target.ask('/events?topic=%ff%fe', { shown: target.admin })
    return mustAnswer([...answers, broken], 400)
  }),
  attack('S09', 'subscriptions whose spellings run together', async (target) => {
    const streams = [
      'topic=x_y&topic=z',
      'topic=x&topic=y_z',
      'topic=x:y',
      'types=x,y&topic=z',
      'types=x&topic=y',
    ]
    const bodies = await Promise.all(
      streams.map((query) => target.follow(`/events?${query}&last=10`, target.admin, 'event: live')),
    )
    mustAnswer(await target.send('/api/events', { topic: 'y_z', data: 's09' }, { shown: target.admin }), 201)
    const again = await Promise.all(
      streams.map((query) => target.follow(`/events?${query}&last=10`, target.admin, 'event: live')),
    )
    const got = again.map(({ body }) => body.includes('s09'))
    must(
      bodies.every(({ body }) => !body.includes('s09')) && got.join() === 'false,true,false,false,false',
      `reached ${got}`,
    )
    return 'reached the one that wanted it'
  }),
  attack('S10', 'topics that mean something to a database', async (target) => {
    const odd = ["a'--", 'a";drop', '%', 'a_b', 'a%b', 'a.b', '>', '{tag}', 'a:b']
    const topics = odd.map((topic) => `s10/${topic}`)
    for (const topic of topics)
      mustAnswer(await target.send('/api/events', { topic, data: topic }, { shown: target.admin }), 201)
    for (const topic of topics) {
      const { body } = await target.ask(`/api/events?topic=${encodeURIComponent(topic)}`, {
        shown: target.admin,
      })
      const found = (JSON.parse(body) as { events: { topic: string }[] }).events.map((event) => event.topic)
      must(found.join() === topic, `${topic} found ${found}`)
    }
    return 'each topic found itself alone'
  }),
  attack('S37', 'headers of an answer, split or made up', async (target) => {
    const answers = await Promise.all(
      ['/%0d%0aX-Evil:%201', '/events?topic=a%0d%0aX-Evil:%201', '/api/notifications/%0d%0aX-Evil:1'].map(
        (path) =>
          target.ask(path, {
            shown: target.admin,
            headers: ['Origin: https://evil.example', 'X-Request-Id: evil-1'],
          }),
      ),
    )
    for (const { raw } of answers)
      must(!/^x-evil|evil-1|evil\.example/im.test(raw.split('\r\n\r\n')[0]!), 'a header came back')
    return mustAnswer(answers, 400, 404)
  }),
  attack('S39', 'patterns that blow up a matcher', async (target) => {
    const patterns = [
      Array(32).fill('*').join('/'),
      `${Array(31).fill('*').join('/')}/**`,
      Array(16).fill('*/a').join('/'),
    ]
    const query = patterns.map((pattern) => `topic=${pattern}`).join('&')
    const stream = await target.openStream(`/events?${query}`, { authorization: `Bearer ${target.admin}` })
    const events = Array.from({ length: 500 }, (_, index) => ({
      topic: `${Array(31).fill('a').join('/')}/${index}`,
    }))
    const began = performance.now()
    mustAnswer(await target.send('/api/events', events, { shown: target.admin }), 201)
    const ms = performance.now() - began
    stream.close()
    must(ms < 15_000, `500 events took ${Math.round(ms)} ms`)
    return 'one step a segment'
  }),
  attack('S40', 'paths that leave the folder of the page', async (target) => {
    const paths = [
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..\\..\\x',
      '/assets/%00',
      '/CON.json',
      '//etc/passwd',
      '/docs/static/..%2f..%2fpackage.json',
      '/docs/../package.json',
    ]
    const answers = await Promise.all(paths.map((path) => target.ask(path)))
    for (const { body } of answers) must(!/root:|"workspaces"/.test(body), 'a file got out')
    return mustAnswer(answers, 400, 404)
  }),
  attack('S41', 'markup in everything that a page might show', async (target) => {
    const markup = '<img/src=x/onerror=alert(1)>'
    const page = await target.ask('/')
    const policy = page.headers.get('content-security-policy') ?? ''
    must(
      policy.includes("default-src 'none'") && policy.includes("require-trusted-types-for 'script'"),
      'no strict CSP',
    )
    const errors = await Promise.all(
      [
        `/${markup}`,
        `/events?topic=${encodeURIComponent(markup)} x`,
        `/api/events?after=${encodeURIComponent(markup)}&topic=a`,
      ].map((path) => target.ask(path, { shown: target.admin })),
    )
    for (const { headers } of errors) {
      must(headers.get('content-type')!.startsWith('application/problem+json'), 'an error is markup')
      must(headers.get('x-content-type-options') === 'nosniff', 'an error may be sniffed')
    }
    return 'strict CSP with Trusted Types; errors are JSON, nosniff'
  }),
]
