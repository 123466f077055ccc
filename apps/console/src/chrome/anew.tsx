import { useConnection } from '@tidings/react'
import { Fragment, type ReactNode, useEffect, useState } from 'react'

/** Begins its children anew after a gap: what they show may be missing events, or be of a history that is gone. */
export function Anew({ children }: { readonly children: ReactNode }) {
  const gap = useConnection((connection) => connection.gap)
  const [count, setCount] = useState(0)

  useEffect(() => {
    if (gap !== undefined) setCount((before) => before + 1)
  }, [gap])

  return <Fragment key={count}>{children}</Fragment>
}
