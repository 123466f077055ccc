import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DemoMarket, type MarketTick, startingPrices } from './demo-market.ts'

/** A day or so of luck: chance at its most one-sided is worse for a bound than chance is. */
const anyLuck = fc.oneof(
  fc.constantFrom<() => number>(
    () => 0,
    () => 0.999999,
    () => 0.06,
  ),
  fc.gen().map((generate) => () => generate(fc.double, { min: 0, max: 0.999999, noNaN: true })),
)

function run(random: () => number, ticks: number): MarketTick[] {
  const market = new DemoMarket(random)
  return Array.from({ length: ticks }, () => market.tick())
}

test('every price moves each second by what is said, in cents, and stays between half and twice of its start', () => {
  fc.assert(
    fc.property(anyLuck, (random) => {
      const cents = new Map(Object.entries(startingPrices).map(([symbol, price]) => [symbol, price * 100]))
      for (const { updates } of run(random, 200)) {
        expect(updates.map(({ symbol }) => symbol)).toEqual([...cents.keys()])
        for (const { symbol, price, change } of updates) {
          expect(Math.abs(Math.round(price * 100) - price * 100)).toBeLessThan(1e-6)
          expect(Math.round(price * 100)).toBe(cents.get(symbol)! + Math.round(change * 100))
          expect(price).toBeGreaterThan(startingPrices[symbol]! / 2)
          expect(price).toBeLessThan(startingPrices[symbol]! * 2)
          cents.set(symbol, Math.round(price * 100))
        }
      }
    }),
    { numRuns: 50 },
  )
})

test.each([0, 0.3, 0.6, 0.999999])(
  'a market whose luck is always %d stays within its bounds for a day',
  (luck) => {
    const last = run(() => luck, 86_400).at(-1)!
    for (const { symbol, price } of last.updates) {
      expect(price / startingPrices[symbol]!).toBeGreaterThan(0.5)
      expect(price / startingPrices[symbol]!).toBeLessThan(2)
    }
  },
)

test('an alert comes after a move of 2 % or more, and only then', () => {
  for (const { updates, alerts } of run(Math.random, 5_000)) {
    const large = updates.filter(({ price, change }) => Math.abs(change) >= 0.02 * (price - change))
    expect(alerts.map(({ symbol, price, level }) => ({ symbol, price, level }))).toEqual(
      large.map(({ symbol, price, change }) => ({ symbol, price, level: change < 0 ? 'warning' : 'info' })),
    )
    for (const { message, symbol } of alerts) {
      expect(message).toMatch(new RegExp(`^${symbol} (rose|fell) by \\d\\.\\d % in a second$`))
    }
  }
})

test('there is one every ten to twenty seconds', () => {
  const alerts = run(Math.random, 30_000).flatMap((tick) => tick.alerts)
  // 2,000 are expected; chance strays from that by 45.
  expect(alerts.length).toBeGreaterThan(1_500)
  expect(alerts.length).toBeLessThan(3_000)
  expect(new Set(alerts.map(({ level }) => level))).toEqual(new Set(['info', 'warning']))
})
