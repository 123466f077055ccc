import { useEffect, useRef } from 'react'
import { Chart, type Sample } from './chart.ts'

interface LineChartProps {
  /** Oldest first. */
  readonly samples: readonly Sample[]
  /** What it shows, in words. */
  readonly label: string
}

/** The samples as lines that move. */
export function LineChart({ samples, label }: LineChartProps) {
  const host = useRef<HTMLDivElement>(null)
  const chart = useRef<Chart>(undefined)

  useEffect(() => {
    const made = new Chart(host.current!)
    chart.current = made
    return () => made.destroy()
  }, [])

  useEffect(() => chart.current?.show(samples), [samples])

  return <div ref={host} className="line-chart" role="img" aria-label={label} />
}
