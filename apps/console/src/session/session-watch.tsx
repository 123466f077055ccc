import { useConnection, useTidings } from '@tidings/react'
import { useEffect, useState } from 'react'
import { formatShortTime } from '../clock.ts'
import type { Ending } from './ending.ts'
import { readSession, renewStream, type Session } from './session.ts'
import { SignInForm } from './sign-in-form.tsx'

interface SessionWatchProps {
  readonly session: Session
  /** The server does not let this reader in any more. */
  readonly onEnded: (ending: Ending) => void
  readonly onRenewed: (session: Session) => void
}

/** Notices that a session ends, asks for a new token in time, and says so when it is too late. */
export function SessionWatch({ session, onEnded, onRenewed }: SessionWatchProps) {
  const { stream } = useTidings()
  const { state, trouble, attempt } = useConnection()
  const [endsAtMs, setEndsAtMs] = useState<number>()

  useEffect(() => {
    if (session.mode === 'dev') return undefined
    return stream.on('expiring', ({ expiresInMs }) => setEndsAtMs(Date.now() + expiresInMs))
  }, [stream, session])

  const problem = trouble?.problem
  // biome-ignore lint/correctness/useExhaustiveDependencies: each further attempt that fails asks again.
  useEffect(() => {
    if (state !== 'refused' && state !== 'waiting') return undefined
    let isOld = false
    void readSession().then((now) => {
      if (isOld || now === undefined || now.mode === 'dev' || now.user !== undefined) return
      onEnded(endingOf(session, problem))
    })
    return () => {
      isOld = true
    }
  }, [state, attempt, problem, session, onEnded])

  if (endsAtMs === undefined) return null
  return (
    <SignInForm
      why={`Your session ends at ${formatShortTime(endsAtMs)}. With a new token until then, your stream goes on without a gap.`}
      onEntered={(renewed) => {
        // What is shown belongs to the reader before.
        if (renewed.user !== session.user) return location.reload()
        setEndsAtMs(undefined)
        onRenewed(renewed)
        void renewStream(stream.status.clientId ?? '').then((isRenewed) => {
          if (!isRenewed) stream.reconnect()
        })
      }}
    />
  )
}

function endingOf(session: Session, problem: string | undefined): Ending {
  if (session.mode === 'dev') return 'begun'
  if (problem === 'revoked') return 'revoked'
  const hasEnded = session.endsAtMs !== undefined && session.endsAtMs <= Date.now() + 1_000
  return problem === 'expired' || hasEnded ? 'expired' : 'unknown'
}
