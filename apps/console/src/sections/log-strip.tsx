import { memo } from 'react'
import type { Cell } from './use-log-strip.ts'

interface LogStripProps {
  readonly cells: readonly Cell[]
  readonly isCut: boolean
}

/** The end of the log as a row of boxes, oldest on the left: full ones are here, hollow ones wait at the server. */
export const LogStrip = memo(function LogStrip({ cells, isCut }: LogStripProps) {
  const waiting = cells.filter(({ state }) => state === 'waiting').length
  const here = cells.length - waiting
  return (
    <figure className="log-strip">
      <div
        className="log-cells"
        role="img"
        aria-label={`The log: ${here} events are here, ${waiting} wait at the server`}
      >
        {cells.map(({ id, root, state }) => (
          <span key={id} className="log-cell" data-root={root} data-state={state} />
        ))}
        <span className="log-cursor" data-cut={isCut || undefined} />
      </div>
      <figcaption>
        <span className="key" data-state="here">
          here
        </span>
        <span className="key" data-state="late">
          was missed, came back
        </span>
        <span className="key" data-state="waiting">
          waiting at the server
        </span>
      </figcaption>
    </figure>
  )
})
