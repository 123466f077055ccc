import { TidingsError, userTopic } from '@tidings/protocol'
import { describe, expect, it } from 'vitest'
import { checkActivity } from './activity.ts'
import { checkAnnouncement } from './announcement.ts'
import { checkNotification } from './notification.ts'

const good = { type: 'success', title: 'Deploy Complete', message: 'v2.3.1\ndeployed' }

function fieldOf(check: () => unknown): string | undefined {
  try {
    check()
  } catch (error) {
    if (error instanceof TidingsError && error.status === 400) return error.field ?? 'the whole'
    throw error
  }
  return 'nothing'
}

describe('a notification', () => {
  it.each(['success', 'info', 'warning', 'error'])('of type %s is taken as it is', (type) => {
    expect(checkNotification({ ...good, type })).toEqual({ ...good, type })
  })

  it.each([
    ['type', { ...good, type: 'fatal' }],
    ['type', { ...good, type: undefined }],
    ['title', { ...good, title: ' ' }],
    ['title', { ...good, title: 7 }],
    ['title', { ...good, title: 'x'.repeat(201) }],
    ['title', { ...good, title: 'two\nlines' }],
    ['title', { ...good, title: 'half \ud83d' }],
    ['message', { ...good, message: undefined }],
    ['message', { ...good, message: 'x'.repeat(4_001) }],
    ['message', { ...good, message: 'a\0b' }],
    ['severity', { ...good, severity: 'high' }],
    ['the whole', [good]],
    ['the whole', 'text'],
    ['the whole', null],
  ])('names %s when it is at fault', (field, body) => {
    expect(fieldOf(() => checkNotification(body))).toBe(field)
  })

  it.each(['/orders/42?a=b#c', 'https://example.org/a', 'HTTP://example.org', 'http://localhost:3000/'])(
    'may link to %s',
    (link) => {
      expect(checkNotification({ ...good, link }).link).toBe(link)
    },
  )

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'ftp://example.org',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '\\\\evil.example',
    'https:evil.example',
    'https://bank.example@evil.example',
    'https://',
    'orders/42',
    '',
    42,
    `/${'a'.repeat(2_048)}`,
  ])('may not link to %j', (link) => {
    expect(fieldOf(() => checkNotification({ ...good, link }))).toBe('link')
  })
})

describe('an announcement', () => {
  it('has a title, a message and perhaps a link', () => {
    const announcement = { title: 'Maintenance', message: 'at 2am', link: '/status' }
    expect(checkAnnouncement(announcement)).toEqual(announcement)
    expect(fieldOf(() => checkAnnouncement({ ...announcement, type: 'info' }))).toBe('type')
    expect(fieldOf(() => checkAnnouncement({ title: 'Maintenance' }))).toBe('message')
  })
})

describe('an activity', () => {
  it('keeps its other fields', () => {
    const activity = { type: 'deploy', message: 'live', by: 'ada', tags: [1] }
    expect(checkActivity(activity)).toEqual(activity)
  })

  it.each([undefined, 7, '', 'a/b', '*', '**', 'a b', 'a\n'])('is not of type %j', (type) => {
    expect(fieldOf(() => checkActivity({ type, message: 'live' }))).toBe('type')
  })
})

describe("a user's topic", () => {
  it('is one segment below user', () => {
    expect(userTopic('demo-user')).toBe('user/demo-user')
    expect(userTopic('ünïcode@example.org')).toBe('user/ünïcode@example.org')
  })

  it.each(['', '*', '**', 'a/b', '../b', '..', 'a b', 'a\0', 'x'.repeat(300)])('is refused for %j', (id) => {
    expect(fieldOf(() => userTopic(id))).toBe('userId')
  })
})
