import { type Arrival, readPast } from './arrival.ts'
import { readTime } from './clock.ts'
import { find } from './element.ts'
import { field } from './payload.ts'
import { Sparkline } from './sparkline.ts'

/** Two minutes of samples, one every two seconds. */
const pastSamples = 60

/** The card with the machine's processor and memory: two numbers, and a line for each. */
export class Machine {
  readonly #cpu = find('cpu-now', HTMLElement)
  readonly #cpuDetail = find('cpu-detail', HTMLElement)
  readonly #memory = find('memory-now', HTMLElement)
  readonly #memoryDetail = find('memory-detail', HTMLElement)
  readonly #line = new Sparkline(find('machine-line', HTMLCanvasElement), ['--memory', '--cpu'])
  #isClockKnown = false

  /** Begins with the samples that others have caused; there are none if nobody looked lately. */
  async load(): Promise<void> {
    const past = await readPast({ topic: '$metrics', types: ['metrics'], limit: pastSamples }).catch(
      () => undefined,
    )
    for (const arrival of past?.arrivals ?? []) this.#draw(arrival)
  }

  /** Shows a sample. */
  take(arrival: Arrival): void {
    const { data, atMs, isReplayed } = arrival
    if (!isReplayed && !this.#isClockKnown) {
      // Samples bear the server's time, which spaces them evenly; its clock may differ from this one.
      this.#line.clockMs = readTime(field(data, 'time'), atMs) - atMs
      this.#isClockKnown = true
    }
    this.#draw(arrival)
    const [cpu, memory] = [field(data, 'cpu'), field(data, 'memory')]
    this.#cpu.textContent = oneDecimal(numberField(cpu, 'percent'))
    this.#memory.textContent = oneDecimal(numberField(memory, 'percent'))
    this.#cpuDetail.textContent = `of ${plural(numberField(cpu, 'cores') ?? 1, 'core')}`
    this.#memoryDetail.textContent = `of ${gibibytes(numberField(memory, 'totalBytes'))}`
  }

  #draw({ data, atMs }: Arrival): void {
    const cpu = numberField(field(data, 'cpu'), 'percent')
    const memory = numberField(field(data, 'memory'), 'percent')
    if (cpu === undefined || memory === undefined) return
    this.#line.push({ atMs: readTime(field(data, 'time'), atMs), values: [memory, cpu] })
  }
}

function numberField(value: unknown, name: string): number | undefined {
  const found = field(value, name)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

function oneDecimal(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(1)
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function gibibytes(bytes: number | undefined): string {
  return bytes === undefined ? 'all' : `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
