import type { TidingsEvent } from '@tidings/client'
import { useEvents } from '@tidings/react'
import { Sparkline } from '@tidings/react/components'
import { memo, useMemo } from 'react'
import { useCommands } from '../code/command.ts'
import { numberField, textField } from '../payload.ts'
import { Granted } from '../session/access.tsx'
import { Empty } from './empty.tsx'
import { Moment } from './moment.tsx'
import { type Quote, quotesOf } from './quotes.ts'
import { Scroller } from './scroller.tsx'
import { Section } from './section.tsx'

const priceTypes = ['price-update']
const alertTypes = ['alert']
/** About a minute of a handful of symbols. */
const keptPrices = 400
const keptAlerts = 30

const client = `import { connect } from '@tidings/client'
import { z } from 'zod'

const price = z.object({ symbol: z.string(), price: z.number() })

const stream = connect({
  topics: ['$ticker'],
  events: { 'price-update': price }, // checked, and typed
})
stream.on('price-update', ({ data }) => board.show(data))
stream.on('alert', ({ data }) => ring(data.message))`

const react = `import { useEvents, useLatest } from '@tidings/react'

export function Alerts() {
  const alerts = useEvents('$ticker', { types: ['alert'], past: 20 })
  const latest = useLatest('$ticker', { types: ['price-update'] })
  return (
    <>
      <Price {...latest?.data} />
      {alerts.map(({ id, data }) => <Alert key={id} {...data} />)}
    </>
  )
}`

/** Prices that change every second, and alerts now and then. */
export function Ticker() {
  const commands = useCommands()
  return (
    <Section
      id="ticker"
      title="A trading ticker"
      lede="Two types of event on one topic. Each has an id of the log, so a reader who was away gets every price and every alert."
      what="the ticker"
      samples={[
        { name: 'Client', code: client },
        { name: 'React', code: react },
        {
          name: 'curl',
          code: `${commands.stream('/events?topic=$ticker')}\n\n# Alerts only, beginning with the last ten:\n${commands.stream('/events?topic=$ticker&types=alert&last=10')}`,
        },
      ]}
    >
      <div className="card ticker-card">
        <Granted
          topic="$ticker"
          otherwise={
            <Empty>
              The ticker is a toy of dev mode: your token does not name <code>$ticker</code>.
            </Empty>
          }
        >
          <Prices />
          <Alerts />
        </Granted>
      </div>
    </Section>
  )
}

function Prices() {
  const events = useEvents('$ticker', { types: priceTypes, keep: keptPrices, past: keptPrices })
  const quotes = useMemo(() => quotesOf(events), [events])
  if (quotes.length === 0)
    return <Empty>Waiting for the first price. Only a server in dev mode has a market.</Empty>
  return (
    <ul className="quotes" aria-label="Prices">
      {quotes.map((quote) => (
        <Board key={quote.symbol} quote={quote} />
      ))}
    </ul>
  )
}

function Board({ quote: { symbol, price, changePercent, prices } }: { readonly quote: Quote }) {
  const direction = changePercent < 0 ? 'down' : 'up'
  return (
    <li className="quote" data-direction={direction}>
      <span className="quote-symbol">{symbol}</span>
      <span className="quote-price">{price.toFixed(2)}</span>
      <span className="quote-change">
        <span aria-hidden="true">{direction === 'up' ? '▲' : '▼'}</span>
        <span className="unseen">{direction}</span> {Math.abs(changePercent).toFixed(2)} %
      </span>
      <Sparkline className="quote-line" values={prices} label={symbol} />
    </li>
  )
}

function Alerts() {
  const events = useEvents('$ticker', { types: alertTypes, keep: keptAlerts, past: keptAlerts })
  return (
    <section className="alerts" aria-label="Alerts">
      <h3>Alerts</h3>
      <Scroller label="Alerts, newest first">
        {events.length === 0 && <Empty>None yet. One comes every few seconds.</Empty>}
        <ol className="items">
          {events.toReversed().map((event) => (
            <Alert key={event.id} event={event} />
          ))}
        </ol>
      </Scroller>
    </section>
  )
}

const Alert = memo(function Alert({ event: { data, timeMs } }: { readonly event: TidingsEvent }) {
  const price = numberField(data, 'price')
  const level = textField(data, 'level') ?? 'info'
  return (
    <li className="alert" data-tone={level === 'critical' || level === 'high' ? 'error' : level}>
      <span className="tag">{textField(data, 'symbol')}</span>
      <span className="alert-words">{textField(data, 'message')}</span>
      <span className="alert-price">{price?.toFixed(2)}</span>
      <Moment atMs={timeMs} />
    </li>
  )
})
