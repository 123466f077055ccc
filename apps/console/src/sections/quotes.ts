import type { TidingsEvent } from '@tidings/client'
import { numberField, textField } from '../payload.ts'

/** What a symbol costs, and what it did. */
export interface Quote {
  readonly symbol: string
  readonly price: number
  /** Since the oldest price that is known here. */
  readonly changePercent: number
  /** Oldest first. */
  readonly prices: readonly number[]
}

/** Prices that a line shows. */
const shownPrices = 60

/** The symbols of `price-update` events in the order of their names. @param events oldest first. */
export function quotesOf(events: readonly TidingsEvent[]): Quote[] {
  const bySymbol = new Map<string, number[]>()
  for (const { data } of events) {
    const [symbol, price] = [textField(data, 'symbol'), numberField(data, 'price')]
    if (symbol === undefined || price === undefined) continue
    const prices = bySymbol.get(symbol)
    if (prices === undefined) bySymbol.set(symbol, [price])
    else prices.push(price)
  }
  return [...bySymbol]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([symbol, all]) => quoteOf(symbol, all.slice(-shownPrices)))
}

function quoteOf(symbol: string, prices: readonly number[]): Quote {
  const [first, price] = [prices[0]!, prices.at(-1)!]
  return { symbol, price, prices, changePercent: first === 0 ? 0 : (price / first - 1) * 100 }
}
