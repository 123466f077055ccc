import { TidingsRequestError } from '@tidings/client/api'
import { useTidings } from '@tidings/react'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'

/** Whether the reader may do everything, as in dev mode. */
export const MayDoEverything = createContext(false)

/** Whether a reader may read a topic: asked for, if that is not plain from the mode. */
type Grant = 'asking' | 'granted' | 'refused'

interface GrantedProps {
  readonly topic: string
  /** What stands here instead, for a reader who may not read the topic. */
  readonly otherwise: ReactNode
  readonly children: ReactNode
}

/**
 * Shows its children to a reader who may read a topic. A stream that asks for one topic too much is refused as a whole,
 * so the question is asked beforehand.
 */
export function Granted({ topic, otherwise, children }: GrantedProps) {
  const grant = useGrant(topic)
  if (grant === 'granted') return children
  return grant === 'refused' ? otherwise : null
}

function useGrant(topic: string): Grant {
  const isAll = useContext(MayDoEverything)
  const { api } = useTidings()
  const [grant, setGrant] = useState<Grant>('asking')

  useEffect(() => {
    if (isAll) return undefined
    const asking = new AbortController()
    api.events({ topics: topic, limit: 1 }, { signal: asking.signal }).then(
      () => setGrant('granted'),
      (error) => {
        if (!asking.signal.aborted) setGrant(error instanceof TidingsRequestError ? 'refused' : 'asking')
      },
    )
    return () => asking.abort()
  }, [api, topic, isAll])

  return isAll ? 'granted' : grant
}
