import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from './test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})

afterAll(() => app.close())

const deploy = { type: 'success', title: 'Deploy Complete', message: 'v2.3.1 deployed to production' }

describe('broadcasts', () => {
  it('reach everybody as an update, with any body or none, and say how many', async () => {
    const streams = [
      await app.follow('/events'),
      await app.follow('/events'),
      await app.follow('/events/alice'),
    ]
    for (const stream of streams) await stream.next(1)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const json = { 'content-type': 'application/json' }
    const none = await app.post('/broadcast')
    expect([none.status, none.json]).toEqual([
      201,
      { sent: true, id: expect.any(String), durability: 'memory', duplicate: false, streams: 3 },
    ])
    for (const [body, headers] of [
      ['hello', form],
      ['{"a": 1}', json],
      ['<b>&', {}],
      ['', json],
    ] as const) {
      expect((await app.post('/broadcast', body, headers)).status).toBe(201)
    }
    for (const stream of streams) {
      const updates = await stream.next(5)
      expect(updates.map(({ event, data }) => [event, data])).toEqual([
        ['update', '{}'],
        ['update', 'hello'],
        ['update', '{"a":1}'],
        ['update', '<b>&'],
        ['update', '{}'],
      ])
      stream.close()
    }
  })

  it('are announcements when they have a title and a message', async () => {
    const stream = await app.follow('/events')
    await stream.next(1)
    const announcement = { title: 'Scheduled Maintenance', message: 'Database maintenance at 2am UTC' }
    const answer = await app.post('/api/broadcast', announcement)
    expect(answer.json).toMatchObject({ sent: true, announcement, streams: expect.any(Number) })
    const [event] = await stream.next(1)
    expect(event).toEqual({ id: answer.json.id, event: 'announcement', data: JSON.stringify(announcement) })
    stream.close()
  })
})

describe('notifications', () => {
  it('reach every device of their user and nobody else, and are listed newest first', async () => {
    const devices = [await app.follow('/events/demo-user'), await app.follow('/events?userId=demo-user')]
    const stranger = await app.follow('/events/somebody')
    for (const stream of [...devices, stranger]) await stream.next(1)
    const first = await app.post('/api/notifications/demo-user', deploy)
    expect([first.status, first.json]).toEqual([
      201,
      {
        sent: true,
        id: expect.any(String),
        durability: 'memory',
        duplicate: false,
        streams: 2,
        notification: deploy,
      },
    ])
    for (const device of devices) {
      const [event] = await device.next(1)
      expect(event).toEqual({ id: first.json.id, event: 'notification', data: JSON.stringify(deploy) })
      device.close()
    }
    await app.post('/broadcast', 'the first that a stranger sees')
    expect((await stranger.next(1))[0]!.event).toBe('update')
    stranger.close()

    const second = await app.post('/api/notifications/demo-user', { ...deploy, link: '/deploys/2' })
    const list = await app.get('/api/notifications/demo-user')
    expect(list.json).toEqual({
      notifications: [
        { id: second.json.id, time: expect.any(String), ...deploy, link: '/deploys/2' },
        { id: first.json.id, time: expect.any(String), ...deploy },
      ],
      next: null,
    })
  })

  it('are listed twenty at a time, or as many as asked, and older ones after that', async () => {
    for (let index = 0; index < 25; index++) {
      await app.post('/api/notifications/reader', { ...deploy, title: `number ${index}` })
    }
    const page = await app.get('/api/notifications/reader')
    expect(page.json.notifications).toHaveLength(20)
    const older = await app.get(`/api/notifications/reader?before=${page.json.next}`)
    expect(older.json.notifications.map(({ title }: { title: string }) => title)).toEqual([
      'number 4',
      'number 3',
      'number 2',
      'number 1',
      'number 0',
    ])
    expect((await app.get('/api/notifications/reader?limit=3')).json.notifications).toHaveLength(3)
  })

  it('are listed under the ids of their events, also if an app gave them others', async () => {
    const data = { ...deploy, id: 17, time: 'noon' }
    const { json } = await app.post('/api/events', { topic: 'user/numbered', type: 'notification', data })
    const { notifications } = (await app.get('/api/notifications/numbered')).json
    expect(notifications).toEqual([{ ...deploy, id: json.ids[0], time: expect.stringMatching(/^20.*Z$/) }])
  })

  it('are stored once under one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'deploy-231' }
    const first = await app.post('/api/notifications/once', deploy, key)
    const again = await app.post('/api/notifications/once', deploy, key)
    expect([again.status, again.json.id, again.json.duplicate]).toEqual([200, first.json.id, true])
    expect((await app.get('/api/notifications/once')).json.notifications).toHaveLength(1)
  })

  it.each([
    ['/api/notifications/a%2Fb', deploy, 'invalid_topic', 'userId'],
    ['/api/notifications/*', deploy, 'invalid_topic', 'userId'],
    ['/api/notifications/a', { ...deploy, link: 'javascript:alert(1)' }, 'invalid_field', 'link'],
    ['/api/notifications/a', { ...deploy, type: 'fatal' }, 'invalid_field', 'type'],
    ['/api/broadcast', { title: 'x' }, 'invalid_field', 'message'],
    ['/api/activity', { type: 'a/b', message: 'x' }, 'invalid_field', 'type'],
  ])('POST %s names what is wrong', async (path, body, code, field) => {
    const answer = await app.post(path, body)
    expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, code, field])
  })
})

describe('activities', () => {
  it('are a feed: the last ten, then each as it happens, of the types that were asked for', async () => {
    for (let index = 0; index < 12; index++) {
      await app.post('/api/activity', { type: 'deploy', message: `deploy ${index}` })
      await app.post('/api/activity', { type: 'build', message: `build ${index}` })
    }
    const feed = await app.follow('/api/activity-feed?type=deploy')
    const [connected, ...past] = await feed.next(12)
    expect(connected!.event).toBe('connected')
    expect(past.at(-1)!.event).toBe('live')
    const messages = past.slice(0, 10).map(({ data }) => JSON.parse(data).message)
    expect(messages).toEqual(Array.from({ length: 10 }, (_, index) => `deploy ${index + 2}`))
    await app.post('/api/activity', { type: 'build', message: 'not this' })
    await app.post('/api/activity', { type: 'deploy', message: 'but this', by: 'ada' })
    const [live] = await feed.next(1)
    expect(live!.event).toBe('activity')
    expect(JSON.parse(live!.data)).toEqual({ type: 'deploy', message: 'but this', by: 'ada' })
    feed.close()

    const everything = await app.follow('/api/activity-feed')
    const types = (await everything.next(11)).slice(1).map(({ data }) => JSON.parse(data).type)
    expect(new Set(types)).toEqual(new Set(['deploy', 'build']))
    everything.close()
  })

  it('resume after the id that a reader saw last, without the ten', async () => {
    const { json } = await app.post('/api/activity', { type: 'resume', message: 'seen' })
    await app.post('/api/activity', { type: 'resume', message: 'missed' })
    const feed = await app.follow('/api/activity-feed?type=resume', { 'last-event-id': json.id })
    const [, missed] = await feed.next(2)
    expect(JSON.parse(missed!.data).message).toBe('missed')
    feed.close()
  })
})

describe('the machine', () => {
  it('is measured while somebody listens', async () => {
    const stream = await app.follow('/api/metrics')
    expect(stream.headers.get('x-accel-buffering')).toBe('no')
    const [connected, sample] = await stream.next(2)
    expect([connected!.event, sample!.event]).toEqual(['connected', 'metrics'])
    const { cpu, memory } = JSON.parse(sample!.data)
    expect(cpu.percent).toBeGreaterThanOrEqual(0)
    expect(memory.totalBytes).toBeGreaterThan(memory.usedBytes)
    stream.close()
  })
})

describe('operation', () => {
  it('has counts', async () => {
    const stream = await app.follow('/events/counted')
    await stream.next(1)
    const { json } = await app.get('/api/stats')
    expect(json).toMatchObject({
      totalConnections: expect.any(Number),
      uniqueUsers: expect.any(Number),
      eventsBuffered: expect.any(Number),
      totalEventsSent: expect.any(Number),
    })
    expect(json.totalConnections).toBeGreaterThanOrEqual(1)
    expect(json.uniqueUsers).toBeGreaterThanOrEqual(1)
    stream.close()
  })

  it('is alive and ready', async () => {
    expect((await app.get('/healthz')).json).toEqual({ status: 'alive' })
    expect((await app.get('/readyz')).json).toEqual({ status: 'ready' })
  })

  it('begins a new epoch for those who run it: one gap for each stream, which stays open', async () => {
    const stream = await app.follow('/events?topic=rotated')
    await stream.next(1)
    const { json } = await app.post('/api/admin/rotate')
    expect(json.epoch).toMatch(/^[a-z0-9]{10}$/)
    const [gap] = await stream.next(1)
    expect(gap!.event).toBe('gap')
    expect(JSON.parse(gap!.data)).toMatchObject({ reason: 'epoch' })
    await app.post('/api/events', { topic: 'rotated', data: 1 })
    expect((await stream.next(1))[0]!.id).toContain(json.epoch)
    stream.close()
  })
})
