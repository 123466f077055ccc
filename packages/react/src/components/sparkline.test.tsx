import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Sparkline, type SparklineProps } from './sparkline.tsx'

const draw = (props: Partial<SparklineProps> & Pick<SparklineProps, 'values'>) =>
  renderToString(<Sparkline label="Memory" width={103} height={13} {...props} />)
const pathOf = (markup: string) => / d="([^"]*)"/.exec(markup)?.[1]

test('says the newest, the lowest and the highest', () => {
  expect(draw({ values: [3, 1.25, 2] })).toContain('aria-label="Memory: now 2, lowest 1.3, highest 3"')
  expect(draw({ values: [1, 2], format: (value) => `${value} %` })).toContain(
    'now 2 %, lowest 1 %, highest 2 %',
  )
})

test('goes from edge to edge, and from the lowest to the highest', () => {
  expect(pathOf(draw({ values: [0, 10] }))).toBe('M1.5 11.5L101.5 1.5')
  expect(pathOf(draw({ values: [0, 10], max: 20 }))).toBe('M1.5 11.5L101.5 6.5')
})

test('keeps within its bounds, whatever the figures', () => {
  expect(pathOf(draw({ values: [-5, 99], min: 0, max: 10 }))).toBe('M1.5 11.5L101.5 1.5')
})

test('leaves a hole where there is no figure', () => {
  expect(pathOf(draw({ values: [0, Number.NaN, 10, 0, 10] }))).toBe('M1.5 11.5M51.5 1.5L76.5 11.5L101.5 1.5')
})

test('a level line stands in the middle, and no figures are no line', () => {
  expect(pathOf(draw({ values: [7, 7] }))).toBe('M1.5 6.5L101.5 6.5')
  expect(pathOf(draw({ values: [] }))).toBe('')
  expect(draw({ values: [] })).toContain('aria-label="Memory"')
})
