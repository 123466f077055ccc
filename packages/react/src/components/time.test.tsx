import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { defaultLabels } from './labels.ts'
import { Time } from './time.tsx'

test.each(['clock', 'ago'] as const)(
  'a server writes a time for machines, and leaves its words to the page: %s',
  (form) => {
    const markup = renderToString(<Time timeMs={0} labels={defaultLabels} form={form} />)
    expect(markup).toBe('<time class="tidings-time" dateTime="1970-01-01T00:00:00.000Z"></time>')
  },
)

test('a time that is none does no harm', () => {
  expect(renderToString(<Time timeMs={Number.NaN} labels={defaultLabels} form="clock" />)).toBe(
    '<time class="tidings-time"></time>',
  )
})

test.each([
  [0, 'now'],
  [59_999, 'now'],
  [60_000, '1 min ago'],
  [3_599_999, '59 min ago'],
  [3_600_000, '1 h ago'],
  [86_400_000, '1 d ago'],
])('%d ms are said as %s', (ms, words) => {
  expect(defaultLabels.ago(ms)).toBe(words)
})
