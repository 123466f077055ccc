import { useLatest } from '@tidings/react'
import { formatTime, readTime } from '../clock.ts'
import { useCommands } from '../code/command.ts'
import { field } from '../payload.ts'
import { Granted } from '../session/access.tsx'
import { Empty } from './empty.tsx'
import { Section } from './section.tsx'

const types = ['time']

const client = `import { connect } from '@tidings/client'

const stream = connect({ topics: ['$clock'] })

for await (const { data } of stream) {
  clock.textContent = new Date(data.now).toLocaleTimeString()
}`

const react = `import { useLatest } from '@tidings/react'

export function Clock() {
  const tick = useLatest('$clock', { types: ['time'] })
  return <time>{tick && new Date(tick.data.now).toLocaleTimeString()}</time>
}`

/** The server's clock, once a second. */
export function WallClock() {
  const commands = useCommands()
  return (
    <Section
      id="clock"
      title="A clock"
      lede="The smallest stream there is: the server’s time, once a second. One timer at the server, however many look."
      what="the clock"
      samples={[
        { name: 'Client', code: client },
        { name: 'React', code: react },
        { name: 'curl', code: commands.stream('/events?topic=$clock') },
      ]}
    >
      <div className="card clock-card">
        <Granted
          topic="$clock"
          otherwise={
            <Empty>
              The clock is a toy of dev mode: your token does not name <code>$clock</code>.
            </Empty>
          }
        >
          <Face />
        </Granted>
      </div>
    </Section>
  )
}

function Face() {
  const tick = useLatest('$clock', { types })
  const atMs = tick === undefined ? undefined : readTime(field(tick.data, 'now'), tick.timeMs)
  const second = atMs === undefined ? 0 : new Date(atMs).getSeconds()
  return (
    <>
      <time
        className="clock-digits"
        id="clock-now"
        dateTime={atMs === undefined ? undefined : new Date(atMs).toISOString()}
      >
        {atMs === undefined ? '––:––:––' : formatTime(atMs)}
      </time>
      <progress className="clock-second" max={59} value={second} aria-label="Seconds of this minute" />
      <p className="soft">
        {atMs === undefined
          ? 'Waiting for the next second.'
          : 'As the server has it, told in your time zone.'}
      </p>
    </>
  )
}
