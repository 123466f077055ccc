import { ConnectionBanner, Toaster } from '@tidings/react/components'
import { Anew } from './chrome/anew.tsx'
import { Footer } from './chrome/footer.tsx'
import { Masthead } from './chrome/masthead.tsx'
import { PageState } from './chrome/page-state.tsx'
import { SectionNav } from './chrome/section-nav.tsx'
import { NeedsCredential } from './code/command.ts'
import { Hero } from './hero/hero.tsx'
import { Activity } from './sections/activity.tsx'
import { Announcements } from './sections/announcements.tsx'
import { Machine } from './sections/machine.tsx'
import { Notifications } from './sections/notifications.tsx'
import { Reading } from './sections/reading.tsx'
import { Resume } from './sections/resume.tsx'
import { Sharing } from './sections/sharing.tsx'
import { Tail } from './sections/tail.tsx'
import { Ticker } from './sections/ticker.tsx'
import { WallClock } from './sections/wall-clock.tsx'
import { MayDoEverything } from './session/access.tsx'
import type { Ending } from './session/ending.ts'
import type { Session } from './session/session.ts'
import { SessionNote } from './session/session-note.tsx'
import { SessionWatch } from './session/session-watch.tsx'

interface PageProps {
  readonly session: Session
  readonly user: string
  readonly onEnded: (ending: Ending) => void
  readonly onRenewed: (session: Session) => void
}

/** Everything that the server does, alive, for a reader who may see it. */
export function Page({ session, user, onEnded, onRenewed }: PageProps) {
  const isAll = session.mode === 'dev'
  return (
    <MayDoEverything value={isAll}>
      <NeedsCredential value={!isAll}>
        <a className="skip" href="#main">
          Skip to the page
        </a>
        <Masthead>
          <PageState />
        </Masthead>
        <SectionNav />
        <ConnectionBanner className="banner" />
        <main id="main">
          <SessionNote session={session} />
          <SessionWatch session={session} onEnded={onEnded} onRenewed={onRenewed} />
          <Hero user={user} />
          <Notifications user={user} />
          <Resume user={user} />
          <Anew>
            <Announcements />
            <Machine />
            <Ticker />
            <Activity />
          </Anew>
          <Tail user={user} />
          <Sharing />
          <WallClock />
          <Reading />
        </main>
        <Footer />
        {/* Not over the form: whoever has sent one thing sends another. */}
        <Toaster placement="bottom-start" />
      </NeedsCredential>
    </MayDoEverything>
  )
}
