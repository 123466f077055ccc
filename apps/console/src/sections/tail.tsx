import { type FormEvent, useContext, useId, useState } from 'react'
import { useCommands } from '../code/command.ts'
import { MayDoEverything } from '../session/access.tsx'
import { Section } from './section.tsx'
import { TailLines } from './tail-lines.tsx'
import { type Tail as TailState, useTail } from './use-tail.ts'

const client = `import { connect } from '@tidings/client'

const stream = connect({
  topics: ['logs/**'],
  last: 20, // begins with the last twenty
})

// A bounded queue of its own. When it is full,
// the stream waits, and nothing is lost.
const events = stream.events({ limit: 500 })

for await (const { topic, type, data } of events) {
  console.log(topic, type, data)
}`

const react = `import { LiveFeed } from '@tidings/react/components'

export function Logs() {
  return <LiveFeed topic="logs/**" keep={50} />
}`

interface TailProps {
  readonly user: string
}

/** Every event of a pattern as it comes. */
export function Tail({ user }: TailProps) {
  const isAll = useContext(MayDoEverything)
  const commands = useCommands()
  const first = isAll ? '**' : `user/${user}`
  const [draft, setDraft] = useState(first)
  const [pattern, setPattern] = useState(first)
  const tail = useTail(pattern)
  const filterId = useId()

  function follow(event: FormEvent): void {
    event.preventDefault()
    setPattern(draft.trim())
  }

  return (
    <Section
      id="tail"
      title="Everything, as it comes"
      lede="Any topic or pattern: * stands for one segment, a final ** for all the rest. 500 events a second, and the page stays smooth."
      what="the tail"
      samples={[
        { name: 'Client', code: client },
        { name: 'React', code: react },
        {
          name: 'Shell',
          code: `# Pipe a file in, for days:\ntail -f app.log | npx tidings publish --topic logs/app\n\n# Follow a topic on the terminal:\nnpx tidings tail 'logs/**'\n\n${commands.stream('/events?topic=logs/**&last=20')}`,
        },
      ]}
    >
      <div className="card tail-card">
        <div className="tail-bar">
          <form onSubmit={follow} autoComplete="off">
            <label className="field">
              Topic or pattern
              <input
                className="mono"
                value={draft}
                onChange={({ target }) => setDraft(target.value)}
                required
                maxLength={256}
                spellCheck={false}
              />
            </label>
            <button type="submit" className="button" disabled={draft.trim() === pattern}>
              Follow
            </button>
          </form>
          <label className="field" htmlFor={filterId}>
            Filter
            <input
              id={filterId}
              className="mono"
              type="search"
              placeholder="any word"
              value={tail.filter}
              onChange={({ target }) => tail.setFilter(target.value)}
              spellCheck={false}
            />
          </label>
          <button
            type="button"
            className="button"
            aria-pressed={tail.isPaused}
            onClick={() => tail.setPaused(!tail.isPaused)}
          >
            {tail.isPaused ? 'Go on' : 'Pause'}
          </button>
        </div>
        <TailLines tail={tail} />
        <p className="tail-figures">
          <span>
            Events <b id="tail-total">{tail.total.toLocaleString('en')}</b>
          </span>
          <span>
            Per second <b id="tail-rate">{tail.perSecond.toLocaleString('en')}</b>
          </span>
          <span role="status">{stateOf(tail, pattern)}</span>
        </p>
      </div>
    </Section>
  )
}

function stateOf({ problem, isPaused, waiting }: TailState, pattern: string): string {
  if (problem !== undefined) return problem
  return isPaused ? `Paused, ${waiting.toLocaleString('en')} new` : `Following ${pattern}`
}
