import { useContext } from 'react'
import { CommandLine } from '../code/command-line.tsx'
import { MayDoEverything } from '../session/access.tsx'
import { Composer } from './composer.tsx'
import { Figures } from './figures.tsx'

/** What it is, in ten seconds, and the first thing to try. */
export function Hero({ user }: { readonly user: string }) {
  const isAll = useContext(MayDoEverything)
  return (
    <div className="hero" data-alone={!isAll || undefined}>
      <div className="hero-words">
        <h1>
          Push events to people. <em>Lose none.</em>
        </h1>
        <p className="hero-lede">
          Tidings is a Server-Sent Events server with one ordered log, and a client that never loses its place
          in it. A tunnel, a sleeping laptop or a killed server costs time, but no event.
        </p>
        {isAll && (
          <ol className="steps">
            <li>
              <strong>Send something.</strong> The bell rings: here, and in every other tab.
            </li>
            <li>
              <strong>Cut the connection.</strong> What you miss comes back, in order, once.
            </li>
            <li>
              <strong>Take the ten lines</strong> beside each part, or the twelve of the README.
            </li>
          </ol>
        )}
        {isAll ? (
          <Figures />
        ) : (
          <CommandLine command={`npx tidings tail 'user/${user}'`} what="following your notifications" />
        )}
      </div>
      {isAll && <Composer user={user} />}
    </div>
  )
}
