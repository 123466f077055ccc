import { useConnection, useTidings } from '@tidings/react'
import { useContext, useEffect, useState } from 'react'
import { useCommands } from '../code/command.ts'
import { MayDoEverything } from '../session/access.tsx'
import { useArrivals } from '../stream/use-arrivals.ts'
import { Absence } from './absence.tsx'
import { LogStrip } from './log-strip.tsx'
import { Section } from './section.tsx'
import { shownCells, useLogStrip } from './use-log-strip.ts'
import { useMeanwhile } from './use-meanwhile.ts'

const client = `import { connect } from '@tidings/client'

// The place is kept in this tab: a reload goes on from it too.
const stream = connect({ topics: ['orders/*'], store: 'session' })

stream.onStatus(({ state, returned }) => {
  if (returned) say(\`\${returned.replayed} came meanwhile\`)
})
// Told, when something is gone for good:
stream.on('gap', () => reload())

stream.pause()  // Cut …
stream.resume() // … and here is what was missed, once.`

const react = `import { useConnection } from '@tidings/react'
import { ConnectionBanner } from '@tidings/react/components'

export function Status() {
  const { state, attempt, retryAtMs, returned, gap } = useConnection()
  return (
    <>
      <ConnectionBanner /> {/* silent for 3 s, then honest */}
      {returned && <p>{returned.replayed} events came meanwhile</p>}
    </>
  )
}`

interface ResumeProps {
  readonly user: string
}

/** Cuts the connection, lets things happen, and shows that none of them is lost. */
export function Resume({ user }: ResumeProps) {
  const { stream, api } = useTidings()
  const isAll = useContext(MayDoEverything)
  const commands = useCommands()
  const { state, lastEventId, awaySinceMs, gap } = useConnection()
  const strip = useLogStrip()
  const isCut = state === 'paused'
  const [place, setPlace] = useState<string>()

  useArrivals(undefined, strip.arrive)
  useMeanwhile(isCut && isAll, user, strip.store)

  const { begin } = strip
  // biome-ignore lint/correctness/useExhaustiveDependencies: after a gap there is another past.
  useEffect(() => {
    const leaving = new AbortController()
    const topics = isAll ? '**' : [`user/${user}`, 'broadcast']
    const page = api.events({ topics, limit: shownCells, order: 'desc' }, { signal: leaving.signal })
    // Without its past the strip begins with what comes.
    page.then(
      ({ events }) => begin(events.toReversed()),
      () => {},
    )
    return () => leaving.abort()
  }, [api, isAll, user, begin, gap])

  const isAway = awaySinceMs !== undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new absence begins a new list.
  useEffect(() => {
    if (isAway) strip.leave()
  }, [isAway])

  // Once, and whenever the connection is cut: a command that changed with each event could not be read.
  const wantsPlace = isCut || place === undefined
  useEffect(() => {
    if (wantsPlace) setPlace(lastEventId)
  }, [wantsPlace, lastEventId])

  return (
    <Section
      id="resume"
      title="Cut the connection"
      lede="There is one ordered log, and every connection is a cursor into it. Cut this one, let things happen, connect again: what you missed is here, in order, once."
      what="going on after a cut"
      samples={[
        { name: 'Client', code: client },
        { name: 'React', code: react },
        {
          name: 'curl',
          code: `# Go on from where this page is:\n${commands.stream(`/events/${encodeURIComponent(user)}`, place)}`,
        },
      ]}
    >
      <div className="card resume-card" data-cut={isCut || undefined}>
        <div className="resume-bar">
          <button
            type="button"
            className={`button cut ${isCut ? 'primary' : ''}`}
            onClick={() => (isCut ? stream.resume() : stream.pause())}
          >
            {isCut ? 'Connect again' : 'Cut the connection'}
          </button>
          <p className="soft">{hintFor(isCut, isAll)}</p>
        </div>
        <LogStrip cells={strip.cells} isCut={isCut} />
        <Absence missed={strip.missed} total={strip.missedTotal} waiting={strip.waiting} />
      </div>
    </Section>
  )
}

function hintFor(isCut: boolean, isAll: boolean): string {
  if (!isCut) return 'Or kill -9 the server, or go through a tunnel: it is the same to the log.'
  return isAll
    ? 'This page publishes meanwhile, so that there is something to miss.'
    : 'What is sent to you now will be here when you are back.'
}
