import { useEvents } from '@tidings/react'
import { useMemo } from 'react'
import { readTime } from '../clock.ts'
import { useCommands } from '../code/command.ts'
import { field, numberField } from '../payload.ts'
import { Granted } from '../session/access.tsx'
import { type Sample, windowMs } from './chart.ts'
import { Empty } from './empty.tsx'
import { LineChart } from './line-chart.tsx'
import { Section } from './section.tsx'

const types = ['metrics']
/** A sample every two seconds, and some to the left of the edge. */
const keptSamples = windowMs / 2_000 + 8

const client = `import { connect } from '@tidings/client'

const stream = connect({ topics: ['$metrics'] })

stream.on('metrics', ({ data, timeMs }) => {
  cpu.push([timeMs, data.cpu.percent])
  memory.push([timeMs, data.memory.percent])
})`

const react = `import { useEvents } from '@tidings/react'
import { Sparkline } from '@tidings/react/components'

export function Cpu() {
  const samples = useEvents('$metrics', { keep: 60, past: 60 })
  const values = samples.map(({ data }) => data.cpu.percent)
  return <Sparkline label="CPU" values={values} />
}`

/** The machine's own processor and memory, as lines that move. */
export function Machine() {
  const commands = useCommands()
  return (
    <Section
      id="machine"
      title="Live metrics"
      lede="The server’s own processor and memory, not random numbers. It measures only while somebody looks."
      what="live metrics"
      samples={[
        { name: 'Client', code: client },
        { name: 'React', code: react },
        {
          name: 'curl',
          code: `${commands.stream('/api/metrics')}\n\n# The same, by its topic:\n${commands.stream('/events?topic=$metrics')}`,
        },
      ]}
    >
      <div className="card machine-card">
        <Granted
          topic="$metrics"
          otherwise={
            <Empty>
              Your token does not let you read <code>$metrics</code>: it takes the right to run the server.
            </Empty>
          }
        >
          <Figures />
        </Granted>
      </div>
    </Section>
  )
}

function Figures() {
  const events = useEvents('$metrics', { types, keep: keptSamples, past: keptSamples })
  const samples = useMemo(() => events.map(({ data, timeMs }) => sampleOf(data, timeMs)), [events])
  const latest = events.at(-1)?.data
  const [cpu, memory] = [field(latest, 'cpu'), field(latest, 'memory')]
  return (
    <>
      <div className="gauges">
        <Gauge series="cpu" name="CPU" detail={coresOf(cpu)} percent={numberField(cpu, 'percent')} />
        <Gauge
          series="memory"
          name="Memory"
          detail={sizeOf(memory)}
          percent={numberField(memory, 'percent')}
        />
      </div>
      <LineChart samples={samples} label="CPU and memory of the last two minutes, in percent" />
      <p className="axis" aria-hidden="true">
        <span>2 minutes ago</span>
        <span>0 to 100 %</span>
        <span>now</span>
      </p>
    </>
  )
}

interface GaugeProps {
  readonly series: 'cpu' | 'memory'
  readonly name: string
  readonly detail: string
  readonly percent: number | undefined
}

function Gauge({ series, name, detail, percent }: GaugeProps) {
  return (
    <div className="gauge" data-series={series}>
      <span className="gauge-name">
        {name} <span className="soft">{detail}</span>
      </span>
      <span className="gauge-value">
        <span id={`${series}-now`}>{percent === undefined ? '–' : percent.toFixed(1)}</span>
        <small>%</small>
      </span>
    </div>
  )
}

function sampleOf(data: unknown, timeMs: number): Sample {
  return {
    atMs: readTime(field(data, 'time'), timeMs),
    cpu: numberField(field(data, 'cpu'), 'percent'),
    memory: numberField(field(data, 'memory'), 'percent'),
  }
}

function coresOf(cpu: unknown): string {
  const cores = numberField(cpu, 'cores')
  if (cores === undefined) return ''
  return `of ${cores} core${cores === 1 ? '' : 's'}`
}

function sizeOf(memory: unknown): string {
  const bytes = numberField(memory, 'totalBytes')
  return bytes === undefined ? '' : `of ${(bytes / 2 ** 30).toFixed(1)} GiB`
}
