import type { ReactNode } from 'react'
import { Mark } from './mark.tsx'

/** The product's name, and beside it what is said of the reader's connection. */
export function Masthead({ children }: { readonly children?: ReactNode }) {
  return (
    <header className="masthead">
      <div className="masthead-inner">
        <a className="wordmark" href="/">
          <Mark />
          <span>Tidings</span>
        </a>
        <div className="masthead-side">
          <a className="masthead-link" href="/docs">
            API
          </a>
          {children}
        </div>
      </div>
    </header>
  )
}
