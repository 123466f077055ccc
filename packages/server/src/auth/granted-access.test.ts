import { TopicSet } from '@tidings/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGrantedAccess } from './granted-access.ts'

const name = fc.constantFrom('a', 'b', '1', '$a')
const topics = fc.array(name, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'))
const patterns = fc
  .tuple(fc.array(fc.oneof(name, fc.constant('*')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([segments, hasTail]) => (hasTail ? [...segments, '**'] : segments).join('/'))
const sets = (least: number) => fc.array(patterns, { minLength: least, maxLength: 4 })
const none = new TopicSet([])

function accessTo(subscribe: readonly string[], admin: readonly string[] = []) {
  const grants = {
    subscribe: new TopicSet(subscribe),
    publish: none,
    notify: none,
    admin: new TopicSet(admin),
  }
  return createGrantedAccess({ caller: 'user alice' }, grants)
}

/** The reading, or `undefined` where it is refused. */
function readingOf(granted: readonly string[], wanted: readonly string[], admin?: readonly string[]) {
  try {
    return accessTo(granted, admin).reading(new TopicSet(wanted))
  } catch {
    return undefined
  }
}

describe('what may be read of what is wanted', () => {
  const admins = fc.constantFrom<readonly string[]>([], ['**'])

  test('is exactly what is granted, however many of the wishes were decided at once', () => {
    fc.assert(
      fc.property(sets(0), sets(1), topics, admins, (granted, wanted, topic, admin) => {
        const reading = readingOf(granted, wanted, admin)
        if (reading === undefined || !new TopicSet(wanted).has(topic)) return
        expect(reading.mayRead(topic)).toBe(accessTo(granted, admin).mayRead(topic))
      }),
      { numRuns: 20_000 },
    )
  })

  test('is the same for all callers of one scope', () => {
    fc.assert(
      fc.property(sets(1), sets(1), sets(1), topics, (one, two, wanted, topic) => {
        const [first, second] = [readingOf(one, wanted), readingOf(two, wanted)]
        if (first === undefined || first.scope !== second?.scope || !new TopicSet(wanted).has(topic)) return
        expect(accessTo(one).mayRead(topic)).toBe(accessTo(two).mayRead(topic))
      }),
      { numRuns: 20_000 },
    )
  })

  test('two callers share a scope only if they may read the same: rights that differ aside of what both name', () => {
    const wanted = ['a/*', 'b/*']
    expect(readingOf(['a/*', '*/1'], wanted)?.scope).not.toBe(readingOf(['*/1'], wanted)?.scope)
    expect(readingOf(['a/*', 'b/*', 'user/x'], wanted)?.scope).toBe(readingOf(['**'], wanted)?.scope)
    expect(readingOf(['a/1', 'user/x'], ['a/*'])?.scope).toBe(readingOf(['a/1', 'user/y'], ['a/*'])?.scope)
  })

  test('of a pattern of the server’s own is what is granted of it, and no deeper', () => {
    const reading = readingOf(['$a/*'], ['$a/**'])!
    expect(reading.mayRead('$a/1')).toBe(true)
    expect(reading.mayRead('$a/1/2')).toBe(false)
    expect(readingOf([], ['$a/**'], ['**'])!.mayRead('$a/1/2')).toBe(true)
  })

  test('is refused if nothing of a wish is granted', () => {
    expect(() => accessTo(['user/alice']).reading(new TopicSet(['user/bob']))).toThrow(
      'You may not read "user/bob"',
    )
    expect(() => accessTo(['user/alice']).reading(new TopicSet(['user/alice', 'orders/*']))).toThrow(
      'orders/*',
    )
    expect(() => accessTo(['**']).reading(new TopicSet(['$metrics']))).toThrow('$metrics')
    expect(() => accessTo([]).reading(new TopicSet(['**']))).toThrow('**')
  })
})
