/** The price of something that is traded nowhere. */
export interface PriceUpdate {
  readonly symbol: string
  /** With two decimals, as all amounts here. */
  readonly price: number
  /** Since the price before. */
  readonly change: number
}

/** What is said of a large move. */
interface PriceAlert {
  readonly symbol: string
  readonly price: number
  /** For people. */
  readonly message: string
  /** `warning` if the price fell. */
  readonly level: 'info' | 'warning'
}

/** One second at the market. */
export interface MarketTick {
  readonly updates: readonly PriceUpdate[]
  readonly alerts: readonly PriceAlert[]
}

/** Where prices begin; each stays between half and twice of it. */
export const startingPrices: Readonly<Record<string, number>> = Object.freeze({
  ACME: 120,
  GLOBEX: 64,
  HOOLI: 242,
  INITECH: 18,
  VANDELAY: 37.5,
})

/** Shares of the price. An everyday move is smaller than `large` even after rounding, a jump is never. */
const everydayMove = 0.006
const large = 0.02
const jump = { least: 0.025, most: 0.05 }
/** One jump in fifteen ticks, on average. */
const jumpChance = 1 / 15
/** How strongly a price is drawn back to where it began: without it every price would end at a bound. */
const pull = 0.015

/**
 * A market that was made up: every price walks at random around where it began, and now and then one of them jumps.
 * @param random gives numbers from 0 to below 1.
 */
export class DemoMarket {
  readonly #random: () => number
  readonly #prices = new Map(Object.entries(startingPrices))

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Lets the market go on by a second. */
  tick(): MarketTick {
    const symbols = [...this.#prices.keys()]
    const jumping = this.#random() < jumpChance ? Math.floor(this.#random() * symbols.length) : -1
    const updates = symbols.map((symbol, index) => this.#move(symbol, index === jumping))
    return { updates, alerts: updates.filter(isLarge).map(alertOf) }
  }

  #move(symbol: string, isJump: boolean): PriceUpdate {
    const before = this.#prices.get(symbol)!
    const start = startingPrices[symbol]!
    const drift = pull * (start / before - 1)
    const price = cents(before * (1 + (isJump ? this.#jump(before, start) : drift + this.#everyday())))
    this.#prices.set(symbol, price)
    return { symbol, price, change: cents(price - before) }
  }

  #everyday(): number {
    return (this.#random() * 2 - 1) * everydayMove
  }

  /** Away from a bound that is near. */
  #jump(before: number, start: number): number {
    const size = jump.least + this.#random() * (jump.most - jump.least)
    const isUp = this.#random() < 0.5
    if (before > start * 1.8) return -size
    return isUp || before < start * 0.6 ? size : -size
  }
}

function isLarge({ price, change }: PriceUpdate): boolean {
  return Math.abs(change) >= large * (price - change)
}

function alertOf({ symbol, price, change }: PriceUpdate): PriceAlert {
  const share = ((Math.abs(change) / (price - change)) * 100).toFixed(1)
  return {
    symbol,
    price,
    message: `${symbol} ${change < 0 ? 'fell' : 'rose'} by ${share} % in a second`,
    level: change < 0 ? 'warning' : 'info',
  }
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100
}
