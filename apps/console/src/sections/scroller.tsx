import type { ReactNode } from 'react'

interface ScrollerProps {
  /** What it holds, for a reader of screens, e.g. "Alerts, newest first". */
  readonly label: string
  readonly className?: string
  readonly children: ReactNode
}

/** A box of its own height whose content scrolls. */
export function Scroller({ label, className = '', children }: ScrollerProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
    <section className={`scroller ${className}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
