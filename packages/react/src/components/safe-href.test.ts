import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeHref } from './safe-href.ts'

test.each([
  ['/docs', '/docs'],
  ['/a/../b?c=d#e', '/b?c=d#e'],
  ['https://example.org', 'https://example.org/'],
  ['HTTP://example.org/a', 'http://example.org/a'],
])('%s may be followed', (link, href) => {
  expect(safeHref(link)).toBe(href)
})

test.each([
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'mailto:a@example.org',
  '//example.org',
  '/\\example.org',
  '/\t/example.org',
  '\\\\example.org',
  '/.//example.org',
  '/a/..//example.org',
  '//tidings.invalid//example.org',
  'docs',
  '',
  'https:example.org',
  'https://user:password@example.org',
  'https://',
])('%j may not be followed', (link) => {
  expect(safeHref(link)).toBeUndefined()
})

test('whatever the link, what may be followed is on the web or on this site', () => {
  const pieces = fc.constantFrom(
    '/',
    '\\',
    '\t',
    '\n',
    ' ',
    'javascript:',
    'https:',
    'http://',
    'a',
    '.',
    '@',
    '%0a',
    '\u0000',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((all) => all.join('')),
      ),
      (link) => {
        const href = safeHref(link)
        if (href === undefined) return
        const url = new URL(href, 'https://here.example/page')
        expect(['http:', 'https:']).toContain(url.protocol)
        if (href.startsWith('/')) expect(url.origin).toBe('https://here.example')
      },
    ),
  )
})
