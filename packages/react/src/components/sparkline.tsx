import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import type { Labels } from './labels.ts'
import { useLabels } from './use-labels.ts'

/** A line of figures. */
export interface SparklineProps {
  /** Oldest first; what is no finite number leaves a hole. */
  readonly values: readonly number[]
  /** What the figures are, e.g. `Memory`: screen readers say it with the newest, lowest and highest. */
  readonly label: string
  /** The figure at the bottom and at the top: the lowest and highest, if absent. */
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** How a figure is said: as a number with at most one digit after the point, if absent. */
  readonly format?: ((value: number) => string) | undefined
  /** Size of the drawing in pixels, which CSS may change: 120 by 32 if absent. */
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly className?: string | undefined
  /** Words in place of the English ones. */
  readonly labels?: Partial<Labels> | undefined
}

/** Room for half of the line's width, in pixels, so that a peak is not cut off. */
const margin = 1.5

/** Figures as a small line, and as a sentence for screen readers. */
export function Sparkline(props: SparklineProps): ReactNode {
  const { values, label, format = short, width = 120, height = 32, className } = props
  const labels = useLabels(props.labels)
  const known = values.filter(Number.isFinite)
  const lowest = Math.min(...known)
  const highest = Math.max(...known)
  const words =
    known.length === 0 ? label : labels.sparkline(label, ...asThree(known, lowest, highest, format))
  const path = pathOf(values, { min: props.min ?? lowest, max: props.max ?? highest, width, height })
  return (
    <svg
      className={classNames('tidings-sparkline', className)}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  )
}

function asThree(
  known: readonly number[],
  lowest: number,
  highest: number,
  format: (value: number) => string,
): [string, string, string] {
  return [format(known.at(-1)!), format(lowest), format(highest)]
}

interface Frame {
  readonly min: number
  readonly max: number
  readonly width: number
  readonly height: number
}

function pathOf(values: readonly number[], { min, max, width, height }: Frame): string {
  const step = (width - 2 * margin) / Math.max(1, values.length - 1)
  // A level line stands in the middle: there is no range to divide by.
  const scale = max > min ? (height - 2 * margin) / (max - min) : 0
  let isDrawing = false
  let path = ''
  for (const [at, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      isDrawing = false
      continue
    }
    const y = scale === 0 ? height / 2 : height - margin - (Math.min(max, Math.max(min, value)) - min) * scale
    path += `${isDrawing ? 'L' : 'M'}${(margin + at * step).toFixed(1)} ${y.toFixed(1)}`
    isDrawing = true
  }
  return path
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10)
}
