import { DemoMarket } from './demo-market.ts'
import type { Sample, ServerFeed } from './server-feeds.ts'

const intervalMs = 1_000

/** What dev mode's page shows besides the machine (PROTOCOL §8.5): a market and a clock. */
export function createDemoFeeds(market = new DemoMarket()): readonly ServerFeed[] {
  return [
    { topic: '$ticker', intervalMs, sample: () => ticker(market) },
    {
      topic: '$clock',
      intervalMs,
      sample: () => [{ type: 'time', data: { now: new Date().toISOString() } }],
    },
  ]
}

function ticker(market: DemoMarket): Sample[] {
  const { updates, alerts } = market.tick()
  return [
    ...updates.map((data) => ({ type: 'price-update', data })),
    ...alerts.map((data) => ({ type: 'alert', data })),
  ]
}
