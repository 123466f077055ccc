import uPlot from 'uplot'

/** What the machine was like at a moment; in percent. */
export interface Sample {
  /** In milliseconds since 1970, by the server's clock. */
  readonly atMs: number
  readonly cpu: number | undefined
  readonly memory: number | undefined
}

/** How much time the chart shows. */
export const windowMs = 120_000
/** The right edge is this far behind the clock, so that the line glides from one sample to the next. */
const delayMs = 2_600
/** Samples further apart than this are not joined: nobody measured in between. */
const gapMs = 7_000
/** Thirty frames a second look smooth, at half the work of sixty on the machine that is being measured. */
const frameMs = 33

/** Lines that move to the left as time passes. */
export class Chart {
  readonly #plot: uPlot
  readonly #host: HTMLElement
  readonly #stillness = matchMedia('(prefers-reduced-motion: reduce)')
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)')
  readonly #resize: ResizeObserver
  readonly #sight: IntersectionObserver
  #frame = 0
  #drawnAt = 0
  #isSeen = true
  /** How far the server's clock is ahead of this one, in milliseconds. */
  #clockMs: number | undefined

  constructor(host: HTMLElement) {
    this.#host = host
    this.#plot = new uPlot(optionsFor(host), [[], [], []], host)
    this.#resize = new ResizeObserver(() => this.#plot.setSize(sizeOf(host)))
    this.#resize.observe(host)
    this.#sight = new IntersectionObserver(([entry]) => {
      this.#isSeen = entry!.isIntersecting
    })
    this.#sight.observe(host)
    this.#scheme.addEventListener('change', this.#recolor)
    this.#frame = requestAnimationFrame(this.#tick)
  }

  /** Shows other samples, oldest first. */
  show(samples: readonly Sample[]): void {
    const last = samples.at(-1)
    if (last !== undefined && this.#clockMs === undefined && Math.abs(Date.now() - last.atMs) < gapMs) {
      this.#clockMs = last.atMs - Date.now()
    }
    const data: [number[], (number | null)[], (number | null)[]] = [[], [], []]
    let beforeMs: number | undefined
    for (const { atMs, cpu, memory } of samples) {
      if (beforeMs !== undefined && atMs - beforeMs > gapMs) push(data, atMs - 1, null, null)
      push(data, atMs, cpu ?? null, memory ?? null)
      beforeMs = atMs
    }
    this.#plot.setData(data, false)
    this.#move()
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame)
    this.#resize.disconnect()
    this.#sight.disconnect()
    this.#scheme.removeEventListener('change', this.#recolor)
    this.#plot.destroy()
  }

  readonly #tick = (now: number): void => {
    this.#frame = requestAnimationFrame(this.#tick)
    if (!this.#isSeen || this.#stillness.matches || now - this.#drawnAt < frameMs) return
    this.#drawnAt = now
    this.#move()
  }

  #move(): void {
    const max = Date.now() + (this.#clockMs ?? 0) - delayMs
    this.#plot.setScale('x', { min: max - windowMs, max })
  }

  readonly #recolor = (): void => {
    const colors = colorsOf(this.#host)
    for (const [index, { line, area }] of colors.entries()) {
      const series = this.#plot.series[index + 1]!
      series.stroke = () => line
      series.fill = () => area
    }
    this.#plot.redraw(true, true)
  }
}

function push(
  data: [number[], (number | null)[], (number | null)[]],
  ...values: [number, number | null, number | null]
): void {
  for (const [index, value] of values.entries()) (data[index] as (number | null)[]).push(value)
}

function optionsFor(host: HTMLElement): uPlot.Options {
  const [cpu, memory] = colorsOf(host)
  // Everything but the lines is left out: the legend would be written as markup, and the page has one of its own.
  return {
    ...sizeOf(host),
    legend: { show: false },
    cursor: { show: false },
    padding: [4, 0, 4, 0],
    scales: { x: { time: true }, y: { range: [0, 100] } },
    axes: [
      { show: false },
      {
        show: true,
        size: 0,
        values: [],
        ticks: { show: false },
        grid: { stroke: () => style(host, '--line'), width: 1 },
        splits: [0, 25, 50, 75, 100],
      },
    ],
    series: [{}, seriesOf(cpu!), seriesOf(memory!)],
  }
}

function seriesOf({ line, area }: SeriesColor): uPlot.Series {
  return {
    stroke: line,
    fill: area,
    width: 2,
    spanGaps: false,
    points: { show: false },
    paths: uPlot.paths.spline!(),
  }
}

interface SeriesColor {
  readonly line: string
  readonly area: string
}

function colorsOf(host: HTMLElement): SeriesColor[] {
  return ['cpu', 'memory'].map((name) => ({
    line: style(host, `--${name}`),
    area: style(host, `--${name}-area`),
  }))
}

function style(host: HTMLElement, name: string): string {
  return getComputedStyle(host).getPropertyValue(name)
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: host.clientWidth, height: host.clientHeight }
}
