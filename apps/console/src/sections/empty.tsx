import type { ReactNode } from 'react'

/** Says why there is nothing to see, and what would change that. */
export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="empty">{children}</p>
}
