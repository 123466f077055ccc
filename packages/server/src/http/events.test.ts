import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from './test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ maxTopics: 5, maxBatchEvents: 3, maxEventBytes: 64 })
})

afterAll(() => app.close())

const ndjson = { 'content-type': 'application/x-ndjson' }
const text = { 'content-type': 'text/plain' }

describe('POST /api/events', () => {
  it('answers one event with its id and the durability', async () => {
    const answer = await app.post('/api/events', { topic: 'one', data: 1 })
    expect(answer.status).toBe(201)
    expect(answer.json).toEqual({
      ids: [expect.stringMatching(/^[a-z0-9.]{8,64}$/)],
      durability: 'memory',
      duplicate: false,
    })
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('takes an array, and lines, as one batch in order', async () => {
    const events = [
      { topic: 'batch', data: 'a' },
      { topic: 'batch', type: 'note', text: 'b' },
      { topic: 'batch' },
    ]
    expect((await app.post('/api/events', events)).json.ids).toHaveLength(3)
    const lines = `${events.map((event) => JSON.stringify(event)).join('\r\n')}\n\n`
    expect((await app.post('/api/events', lines, ndjson)).json.ids).toHaveLength(3)
    const page = await app.get('/api/events?topic=batch')
    expect(
      page.json.events.map((event: object) => ('text' in event ? event.text : 'data' in event && event.data)),
    ).toEqual(['a', 'b', null, 'a', 'b', null])
  })

  it('publishes a text as it is, with topic and type from the query', async () => {
    const body = ' leading\r\nsecond\rthird\n'
    expect((await app.post('/api/events?topic=texts&type=line', body, text)).status).toBe(201)
    const page = await app.get('/api/events?topic=texts')
    expect(page.json.events).toMatchObject([{ topic: 'texts', type: 'line', text: body }])
  })

  it('answers a repeated Idempotency-Key with the same ids and 200, and another body under it with 422', async () => {
    const key = { 'idempotency-key': 'order-1' }
    const first = await app.post('/api/events', { topic: 'once' }, key)
    const again = await app.post('/api/events', { topic: 'once' }, key)
    expect(again.status).toBe(200)
    expect(again.json).toEqual({ ...first.json, duplicate: true })
    const other = await app.post('/api/events', { topic: 'other' }, key)
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_mismatch'])
  })
})

describe('GET /events', () => {
  it('opens with connected, and delivers what is published from then on', async () => {
    const stream = await app.follow('/events?topic=live/*')
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(stream.headers.get('x-accel-buffering')).toBe('no')
    const [connected] = await stream.next(1)
    expect(connected).toMatchObject({ event: 'connected' })
    const { json } = await app.post('/api/events', [
      { topic: 'live/a', type: 'note', data: { x: 1 } },
      { topic: 'dead/a' },
      { topic: 'live/b', text: 'two\nlines' },
    ])
    expect(await stream.next(2)).toEqual([
      { id: json.ids[0], event: 'note', data: '{"x":1}' },
      { id: json.ids[2], event: undefined, data: 'two\nlines' },
    ])
    stream.close()
  })

  it('goes on after the id in the header, which wins over the one in the query', async () => {
    const { json } = await app.post('/api/events', [
      { topic: 'resume', data: 1 },
      { topic: 'resume', data: 2 },
      { topic: 'resume', data: 3 },
    ])
    const stream = await app.follow(`/events?topic=resume&lastEventId=${json.ids[0]}`, {
      'last-event-id': json.ids[1],
    })
    const [connected, third] = await stream.next(2)
    expect(JSON.parse(connected!.data)).toMatchObject({ resumed: true })
    expect(third).toMatchObject({ id: json.ids[2], data: '3' })
    stream.close()
  })

  it("gives a user's topic and the broadcasts under /events/:userId and ?userId=", async () => {
    for (const path of ['/events/alice', '/events?userId=alice']) {
      const stream = await app.follow(path)
      await stream.next(1)
      await app.post('/api/events', [{ topic: 'user/bob' }, { topic: 'user/alice', data: 'hers' }])
      await app.post('/broadcast', 'all')
      expect((await stream.next(2)).map(({ data }) => data)).toEqual(['"hers"', 'all'])
      stream.close()
    }
  })

  it('keeps only the types that were asked for', async () => {
    const stream = await app.follow('/events?topic=typed&types=a,b')
    await stream.next(1)
    const events = ['c', 'a', 'b'].map((type) => ({ topic: 'typed', type }))
    await app.post('/api/events', events)
    expect((await stream.next(2)).map(({ event }) => event)).toEqual(['a', 'b'])
    stream.close()
  })

  it('answers an id that is nothing of ours with 200 and a gap, and never repeats it', async () => {
    const bad = ['garbage', 'z'.repeat(8_000), '-1', '%0d%0aevil: 1', 'aaaaaaaaaa.0zzz.aaaaa', '<script>']
    for (const id of bad) {
      const stream = await app.follow('/events?topic=gaps', { 'last-event-id': id })
      expect(stream.status).toBe(200)
      const [connected, gap] = await stream.next(2)
      expect(gap!.event).toBe('gap')
      expect(JSON.parse(gap!.data)).toMatchObject({ reason: 'bad-cursor', from: null, missed: null })
      expect(connected!.data).not.toContain(id)
      stream.close()
    }
  })

  it('answers HEAD with its headers alone', async () => {
    const response = await fetch(`${app.url}/events`, { method: 'HEAD' })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  })
})

describe('GET /api/events', () => {
  it('pages forwards and backwards until the end', async () => {
    for (const data of [1, 2, 3, 4, 5]) await app.post('/api/events', { topic: 'paged', data })
    const read = async (query: string) => {
      const values: number[] = []
      let next: string | null = ''
      while (next !== null) {
        const page = await app.get(
          `/api/events?topic=paged&limit=2${next === '' ? '' : `&${query}=${next}`}${
            query === 'before' ? '&order=desc' : ''
          }`,
        )
        expect(page.json.events.length).toBeLessThanOrEqual(2)
        values.push(...page.json.events.map((event: { data: number }) => event.data))
        next = page.json.next
      }
      return values
    }
    expect(await read('after')).toEqual([1, 2, 3, 4, 5])
    expect(await read('before')).toEqual([5, 4, 3, 2, 1])
  })
})

describe('what is wrong is named', () => {
  const many = Array.from({ length: 6 }, (_, index) => `topic=t${index}`).join('&')
  const posts: readonly [string, unknown, Record<string, string>, string, string, string?][] = [
    ['no JSON', '{"topic":', { 'content-type': 'application/json' }, '/api/events', 'invalid_json'],
    ['no body', undefined, { 'content-type': 'application/json' }, '/api/events', 'invalid_json'],
    ['a bad line', '{"topic":"a"}\n{', ndjson, '/api/events', 'invalid_json'],
    ['no topic', {}, {}, '/api/events', 'invalid_topic', 'topic'],
    ['a pattern', { topic: 'a/*' }, {}, '/api/events', 'invalid_topic', 'topic'],
    ['a topic with a line end', { topic: 'a\nb' }, {}, '/api/events', 'invalid_topic', 'topic'],
    ['a long topic', { topic: 'a'.repeat(257) }, {}, '/api/events', 'invalid_topic', 'topic'],
    ['33 segments', { topic: Array(33).fill('a').join('/') }, {}, '/api/events', 'invalid_topic', 'topic'],
    ['a bidi override', { topic: 'a\u202eb' }, {}, '/api/events', 'invalid_topic', 'topic'],
    ['CR in the type', { topic: 'a', type: 'x\rdata: forged' }, {}, '/api/events', 'invalid_field', 'type'],
    ['NUL in the type', { topic: 'a', type: 'x\0' }, {}, '/api/events', 'invalid_field', 'type'],
    ['NEL in the type', { topic: 'a', type: 'x\u0085y' }, {}, '/api/events', 'invalid_field', 'type'],
    ['U+2028 in the type', { topic: 'a', type: 'x\u2028y' }, {}, '/api/events', 'invalid_field', 'type'],
    ['LF in the type of a query', 'x', text, '/api/events?topic=a&type=x%0Ay', 'invalid_field', 'type'],
    ['a control type', { topic: 'a', type: 'gap' }, {}, '/api/events', 'reserved_type', 'type'],
    ['a topic of the server', { topic: '$metrics' }, {}, '/api/events', 'reserved_topic', 'topic'],
    ['an unknown field', { topic: 'a', id: '1' }, {}, '/api/events', 'invalid_field'],
    ['an empty batch', [], {}, '/api/events', 'invalid_field'],
    ['a batch in a batch', [[{ topic: 'a' }]], {}, '/api/events', 'invalid_field'],
    ['too many events', Array(4).fill({ topic: 'a' }), {}, '/api/events', 'too_many_events'],
    ['too many lines', '{"topic":"a"}\n'.repeat(4), ndjson, '/api/events', 'too_many_events'],
    ['a large event', { topic: 'a', data: 'x'.repeat(65) }, {}, '/api/events', 'event_too_large', 'data'],
    ['a lone surrogate', { topic: 'a', text: '\ud800' }, {}, '/api/events', 'invalid_field', 'text'],
    ['a text without topic', 'x', text, '/api/events', 'invalid_query', 'topic'],
    ['a text with two topics', 'x', text, '/api/events?topic=a&topic=b', 'invalid_query', 'topic'],
    ['another media type', '<a/>', { 'content-type': 'text/xml' }, '/api/events', 'unsupported_media_type'],
    ['a malformed media type', 'x', { 'content-type': '/' }, '/api/events', 'unsupported_media_type'],
    [
      'another charset',
      'x',
      { 'content-type': 'text/plain; charset=utf-16' },
      '/api/events?topic=a',
      'unsupported_media_type',
    ],
    [
      'a compressed body',
      '{}',
      { 'content-type': 'application/json', 'content-encoding': 'br' },
      '/api/events',
      'unsupported_encoding',
    ],
    [
      'a key with a space',
      { topic: 'a' },
      { 'idempotency-key': 'a b' },
      '/api/events',
      'invalid_idempotency_key',
      'Idempotency-Key',
    ],
    [
      'a long key',
      { topic: 'a' },
      { 'idempotency-key': 'a'.repeat(256) },
      '/api/events',
      'invalid_idempotency_key',
      'Idempotency-Key',
    ],
    [
      'invalid UTF-8',
      Buffer.from([0x22, 0xff, 0x22]),
      { 'content-type': 'application/json' },
      '/api/events',
      'invalid_field',
      'body',
    ],
  ]

  it.each(posts)('POST with %s', async (_name, body, headers, path, code, field) => {
    const answer = await app.post(path, body, headers)
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(answer.json).toMatchObject({
      type: `urn:tidings:problem:${code}`,
      code,
      status: answer.status,
      title: expect.any(String),
      detail: expect.any(String),
      ...(field === undefined ? {} : { field }),
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })

  const gets: readonly [string, string, string?][] = [
    ['/events?topic=', 'invalid_topic', 'topic'],
    ['/events?topic=a//b', 'invalid_topic', 'topic'],
    ['/events?topic=a*', 'invalid_topic', 'topic'],
    ['/events?topic=%ff', 'invalid_query'],
    [`/events?topic=${'a/'.repeat(32)}a`, 'invalid_topic', 'topic'],
    [`/events?${many}`, 'too_many_topics', 'topic'],
    ['/events?last=-1', 'invalid_query', 'last'],
    ['/events?last=1001', 'invalid_query', 'last'],
    ['/events?tpoic=a', 'invalid_query', 'tpoic'],
    ['/events?lastEventId=a&lastEventId=b', 'invalid_query', 'lastEventId'],
    ['/events?ticket=a&ticket=b', 'invalid_query', 'ticket'],
    ['/events/a?userId=b', 'invalid_query', 'userId'],
    ['/events?userId=*', 'invalid_topic', 'userId'],
    ['/events?userId=a%2Fb', 'invalid_topic', 'userId'],
    ['/events/a%2F**', 'invalid_topic', 'userId'],
    ['/events/%2A', 'invalid_topic', 'userId'],
    [`/events/${'a'.repeat(2_000)}`, 'uri_too_long'],
    ['/api/events', 'invalid_query', 'topic'],
    [`/api/events?${many}`, 'too_many_topics', 'topic'],
    ['/api/events?topic=a&limit=0', 'invalid_query', 'limit'],
    ['/api/events?topic=a&limit=1001', 'invalid_query', 'limit'],
    ['/api/events?topic=a&limit=ten', 'invalid_query', 'limit'],
    ['/api/events?topic=a&order=up', 'invalid_query', 'order'],
    ['/api/events?topic=a&after=1', 'invalid_query'],
    ['/api/events?topic=a&nope=1', 'invalid_query', 'nope'],
    ['/%zz', 'bad_request'],
  ]

  it.each(gets)('GET %s', async (path, code, field) => {
    const answer = await app.get(path)
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.json).toMatchObject({
      code,
      status: answer.status,
      ...(field === undefined ? {} : { field }),
    })
  })
})
