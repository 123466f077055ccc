/** One measurement. */
export interface Sample {
  /** In milliseconds since 1970. */
  readonly atMs: number
  /** From 0 to 100, one value for each series. */
  readonly values: readonly number[]
}

/** How much of the past is drawn, in milliseconds. */
const windowMs = 120_000
/** The right edge is this far behind the clock, so that the line glides from one sample to the next. */
const delayMs = 2_400
/** Samples further apart than this are not joined: nobody measured in between. */
const gapMs = 7_000
/** Thirty frames a second look smooth, at half the work of sixty on the machine that is being measured. */
const frameMs = 33
const maxSamples = 200

/** Lines that move to the left as time passes, drawn sharp on any screen. */
export class Sparkline {
  /** How far the clock of the samples is ahead of this page's, in milliseconds. */
  clockMs = 0
  readonly #canvas: HTMLCanvasElement
  readonly #colorNames: readonly string[]
  readonly #stillness = matchMedia('(prefers-reduced-motion: reduce)')
  #samples: Sample[] = []
  #colors: readonly string[] = []
  #gridColor = ''
  #drawnAt = 0

  /** @param colorNames the CSS variables of the series' colours, e.g. `--cpu`. */
  constructor(canvas: HTMLCanvasElement, colorNames: readonly string[]) {
    this.#canvas = canvas
    this.#colorNames = colorNames
    this.#readColors()
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#readColors())
    new ResizeObserver(() => this.#fit()).observe(canvas)
    requestAnimationFrame(this.#tick)
  }

  /** Adds the newest sample; one that is not newer than the last is none. */
  push(sample: Sample): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && sample.atMs <= last.atMs) return
    this.#samples.push(sample)
    if (this.#samples.length > maxSamples) this.#samples.shift()
    if (this.#stillness.matches) this.#draw(sample.atMs)
  }

  readonly #tick = (now: number): void => {
    requestAnimationFrame(this.#tick)
    if (this.#stillness.matches || now - this.#drawnAt < frameMs) return
    this.#drawnAt = now
    this.#draw(this.#edgeMs)
  }

  get #edgeMs(): number {
    return Date.now() + this.clockMs - delayMs
  }

  #readColors(): void {
    const style = getComputedStyle(this.#canvas)
    this.#colors = this.#colorNames.map((name) => style.getPropertyValue(name))
    this.#gridColor = style.getPropertyValue('--line')
  }

  #fit(): void {
    const { clientWidth, clientHeight } = this.#canvas
    this.#canvas.width = Math.round(clientWidth * devicePixelRatio)
    this.#canvas.height = Math.round(clientHeight * devicePixelRatio)
    this.#draw(this.#edgeMs)
  }

  /** @param edgeMs the moment at the right edge. */
  #draw(edgeMs: number): void {
    const { clientWidth, clientHeight } = this.#canvas
    const context = this.#canvas.getContext('2d')
    if (context === null || clientWidth === 0) return
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    context.clearRect(0, 0, clientWidth, clientHeight)
    // Room for the dot at the right, and for half a line's width above 100 and below 0.
    const plot = new Plot(clientWidth - 6, clientHeight - 8, edgeMs)
    this.#drawGrid(context, plot)
    for (const [series, color] of this.#colors.entries()) this.#drawSeries(context, plot, series, color)
  }

  #drawGrid(context: CanvasRenderingContext2D, plot: Plot): void {
    context.strokeStyle = this.#gridColor
    context.lineWidth = 1
    context.beginPath()
    for (const value of [0, 25, 50, 75, 100]) {
      const y = Math.round(plot.y(value)) + 0.5
      context.moveTo(0, y)
      context.lineTo(plot.width, y)
    }
    context.stroke()
  }

  #drawSeries(context: CanvasRenderingContext2D, plot: Plot, series: number, color: string): void {
    context.save()
    context.beginPath()
    context.rect(0, 0, plot.width, this.#canvas.clientHeight)
    context.clip()
    context.strokeStyle = color
    context.fillStyle = color
    context.lineWidth = 2
    context.lineJoin = 'round'
    for (const run of this.#runs()) {
      const path = plot.path(run, series)
      context.stroke(path)
      path.lineTo(plot.x(run.at(-1)!.atMs), plot.y(0))
      path.lineTo(plot.x(run[0]!.atMs), plot.y(0))
      context.globalAlpha = 0.1
      context.fill(path)
      context.globalAlpha = 1
    }
    context.restore()
    this.#drawTip(context, plot, series, color)
  }

  #drawTip(context: CanvasRenderingContext2D, plot: Plot, series: number, color: string): void {
    const value = valueAt(this.#samples, plot.edgeMs, series)
    if (value === undefined) return
    context.fillStyle = color
    context.beginPath()
    context.arc(plot.width, plot.y(value), 3.5, 0, 2 * Math.PI)
    context.fill()
  }

  /** The samples, cut where nobody measured. */
  #runs(): Sample[][] {
    const runs: Sample[][] = []
    let previous = Number.NEGATIVE_INFINITY
    for (const sample of this.#samples) {
      if (sample.atMs - previous > gapMs) runs.push([])
      runs.at(-1)!.push(sample)
      previous = sample.atMs
    }
    return runs
  }
}

/** Where moments and values are on the canvas, in CSS pixels. */
class Plot {
  readonly width: number
  readonly height: number
  readonly edgeMs: number

  constructor(width: number, height: number, edgeMs: number) {
    this.width = width
    this.height = height
    this.edgeMs = edgeMs
  }

  x(atMs: number): number {
    return this.width * (1 - (this.edgeMs - atMs) / windowMs)
  }

  y(value: number): number {
    return 4 + this.height * (1 - Math.min(100, Math.max(0, value)) / 100)
  }

  /** A curve through every sample that never swings beyond one: it leaves and enters each of them level. */
  path(run: readonly Sample[], series: number): Path2D {
    const path = new Path2D()
    let [x, y] = [0, 0]
    for (const [index, sample] of run.entries()) {
      const [toX, toY] = [this.x(sample.atMs), this.y(sample.values[series]!)]
      if (index === 0) path.moveTo(toX, toY)
      else path.bezierCurveTo(x + (toX - x) / 3, y, toX - (toX - x) / 3, toY, toX, toY)
      ;[x, y] = [toX, toY]
    }
    return path
  }
}

/** The height of the drawn curve at a moment; it is 3u² - 2u³ between two samples. */
function valueAt(samples: readonly Sample[], atMs: number, series: number): number | undefined {
  const index = samples.findIndex((sample) => sample.atMs >= atMs)
  const [before, after] = [samples[index - 1], samples[index]]
  if (before === undefined || after === undefined || after.atMs - before.atMs > gapMs) return undefined
  const part = (atMs - before.atMs) / (after.atMs - before.atMs)
  const weight = part * part * (3 - 2 * part)
  return before.values[series]! * (1 - weight) + after.values[series]! * weight
}
