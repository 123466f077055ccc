import { useConnection, useTidings } from '@tidings/react'
import { type FormEvent, type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react'
import { useCommands } from '../code/command.ts'
import { CommandLine } from '../code/command-line.tsx'
import { type Draft, draftOf, type Kind, kinds } from './drafts.ts'
import { KindFields } from './kind-fields.tsx'
import { Outcome, type Sending } from './outcome.tsx'
import { sendDraft } from './send-draft.ts'

const labels: Readonly<Record<Kind, string>> = {
  notification: 'Notification',
  announcement: 'Announcement',
  update: 'Update',
  activity: 'Activity',
  event: 'Any event',
}

/** The form that sends one of each kind, and says what became of it. */
export function Composer({ user }: { readonly user: string }) {
  const { api } = useTidings()
  const isConnected = useConnection((connection) => connection.isConnected)
  const commands = useCommands()
  const form = useRef<HTMLFormElement>(null)
  const [kind, setKind] = useState<Kind>('notification')
  const [draft, setDraft] = useState<Draft>()
  const [sending, setSending] = useState<Sending>()

  function read(): Draft {
    return draftOf(kind, user, new FormData(form.current!))
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: other fields, another draft.
  useLayoutEffect(() => setDraft(read()), [kind, user])

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault()
    const beganAt = performance.now()
    setSending({ state: 'waiting' })
    try {
      const { id, durability } = await sendDraft(api, user, kind, read())
      setSending({ state: 'stored', id, durability, beganAt, tookMs: performance.now() - beganAt })
    } catch (error) {
      setSending({ state: 'failed', words: error instanceof Error ? error.message : String(error) })
    }
  }

  function sendByKeys(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit()
  }

  const noun = kind === 'event' ? 'event' : kind
  return (
    <section className="card composer" aria-labelledby="composer-title">
      <h2 id="composer-title">Send something</h2>
      <form
        ref={form}
        onSubmit={send}
        onInput={() => setDraft(read())}
        onKeyDown={sendByKeys}
        autoComplete="off"
      >
        <fieldset className="kinds">
          <legend className="unseen">What to send</legend>
          {kinds.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="kind"
                value={each}
                checked={each === kind}
                onChange={() => setKind(each)}
              />
              <span>{labels[each]}</span>
            </label>
          ))}
        </fieldset>
        <div className="composer-fields">
          <KindFields key={kind} kind={kind} user={user} />
        </div>
        <div className="composer-send">
          <button type="submit" className="button primary" disabled={sending?.state === 'waiting'}>
            Send {noun}
          </button>
          <Outcome sending={sending} isConnected={isConnected} />
        </div>
      </form>
      {draft !== undefined && (
        <CommandLine command={commands.post(draft.path, draft.body)} what="the same request" />
      )}
    </section>
  )
}
