import type { ReactNode } from 'react'
import { CodeCard, type Sample } from '../code/code-card.tsx'

interface SectionProps {
  /** Where links lead; also the beginning of the title's id. */
  readonly id: string
  readonly title: string
  /** What it is good for, in a sentence or two. */
  readonly lede: ReactNode
  /** Completes "the code for …". */
  readonly what: string
  readonly samples: readonly Sample[]
  /** The demonstration. */
  readonly children: ReactNode
}

/** One thing that Tidings does: alive on the left, and the code that does it on the right. */
export function Section({ id, title, lede, what, samples, children }: SectionProps) {
  return (
    <section className="section" id={id} aria-labelledby={`${id}-title`}>
      <header className="section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        <p>{lede}</p>
      </header>
      <div className="section-demo">{children}</div>
      <CodeCard what={what} samples={samples} />
    </section>
  )
}
