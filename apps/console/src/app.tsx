import { TidingsProvider } from '@tidings/react'
import { useCallback, useEffect, useState } from 'react'
import { Masthead } from './chrome/masthead.tsx'
import { Page } from './page.tsx'
import { type Ending, endings } from './session/ending.ts'
import { readSession, type Session } from './session/session.ts'
import { SignInForm } from './session/sign-in-form.tsx'

/** Whom the page is about where nobody is asked who they are. */
const demoUser = 'demo-user'

/** The page, once it is known who looks at it: behind a door in production, at once in dev mode. */
export function App() {
  const [session, setSession] = useState<Session>()
  const [ending, setEnding] = useState<Ending>()

  useEffect(() => {
    // A server that cannot be reached just now is waited for by the page itself.
    void readSession().then((found) =>
      setSession(found ?? { mode: 'dev', user: undefined, endsAtMs: undefined }),
    )
  }, [])

  const leave = useCallback((why: Ending) => {
    setEnding(why)
    setSession({ mode: 'production', user: undefined, endsAtMs: undefined })
  }, [])

  if (session === undefined) return <Masthead />
  if (session.mode === 'production' && session.user === undefined) {
    return (
      <>
        <Masthead />
        <main className="door">
          <h1 className="unseen">Tidings</h1>
          <SignInForm why={ending && endings[ending]} onEntered={setSession} />
        </main>
      </>
    )
  }
  const user = session.user ?? demoUser
  return (
    <TidingsProvider user={user} topics={userTopics(user)} shared={user}>
      <Page session={session} user={user} onEnded={leave} onRenewed={setSession} />
    </TidingsProvider>
  )
}

/** What every user may read. Whatever else a section shows, it adds to the stream. */
function userTopics(user: string): string[] {
  return [`user/${user}`, 'broadcast']
}
