import type { TidingsEvent } from '@tidings/client'
import { useEvents, useTidings } from '@tidings/react'
import { memo, useContext, useRef } from 'react'
import { useCommands } from '../code/command.ts'
import { asText, textField } from '../payload.ts'
import { MayDoEverything } from '../session/access.tsx'
import { wasMissed } from '../stream/use-arrivals.ts'
import { Empty } from './empty.tsx'
import { Moment } from './moment.tsx'
import { SafeLink } from './safe-link.tsx'
import { Scroller } from './scroller.tsx'
import { Section } from './section.tsx'
import { SendButton } from './send-button.tsx'

const types = ['announcement', 'update']
const examples = [
  { title: 'Scheduled maintenance', message: 'Database maintenance at 2am UTC' },
  { title: 'Release 2.4 is out', message: 'Tabs share one stream now', link: '/docs' },
  { title: 'The office is closed on Friday', message: 'Support answers again on Monday' },
]

const client = `import { connect } from '@tidings/client'
import { createApi } from '@tidings/client/api'

const stream = connect({ topics: ['broadcast'] })
stream.on('announcement', ({ data }) => showBanner(data.title))
stream.on('update', ({ data }) => dashboard.apply(data))

await createApi().announce({
  title: 'Scheduled maintenance',
  message: 'Database maintenance at 2am UTC',
})`

const react = `import { useEvents } from '@tidings/react'

export function Announcements() {
  const events = useEvents('broadcast', {
    types: ['announcement'],
    past: 10, // begins with the last ten
  })
  return events.map(({ id, data }) => <Banner key={id} {...data} />)
}`

/** What everybody is told. */
export function Announcements() {
  const { api } = useTidings()
  const isAll = useContext(MayDoEverything)
  const commands = useCommands()
  const events = useEvents('broadcast', { types, keep: 100, past: 30 })
  const next = useRef(0)
  const listen = `# Listen:\n${commands.stream('/events')}`

  return (
    <Section
      id="announcements"
      title="Announcements"
      lede="For everybody who is connected, and for whoever comes later. An update carries any JSON: a dashboard listens to it."
      what="announcements"
      samples={[
        { name: 'Client', code: client },
        { name: 'React', code: react },
        { name: 'curl', code: `${commands.post('/api/broadcast', examples[0])}\n\n${listen}` },
      ]}
    >
      <div className="card">
        <header className="card-head">
          <h3>For everybody</h3>
          {isAll && (
            <>
              <SendButton onSend={() => api.announce(examples[next.current++ % examples.length]!)}>
                Announce
              </SendButton>
              <SendButton onSend={() => api.update({ orders: 128 + next.current++, revenue: 4210.5 })}>
                Update
              </SendButton>
            </>
          )}
        </header>
        <Scroller label="Announcements, newest first">
          {events.length === 0 && (
            <Empty>Nothing was announced yet. What is sent appears here at once.</Empty>
          )}
          <ol className="items" id="announcement-list">
            {events.toReversed().map((event) => (
              <Announcement key={event.id} event={event} />
            ))}
          </ol>
        </Scroller>
      </div>
    </Section>
  )
}

/** An announcement, or an `update`, whose body can be any JSON. */
const Announcement = memo(function Announcement({ event }: { readonly event: TidingsEvent }) {
  const { type, data, timeMs } = event
  const isUpdate = type === 'update'
  const title = isUpdate ? undefined : textField(data, 'title')
  const message = isUpdate ? undefined : textField(data, 'message')
  const link = isUpdate ? undefined : textField(data, 'link')
  return (
    <li className="item" data-tone={isUpdate ? 'update' : 'announcement'}>
      <span className="icon" role="img" aria-label={isUpdate ? 'Update' : 'Announcement'} />
      <div className="item-body">
        {title !== undefined && <h4 dir="auto">{title}</h4>}
        {message !== undefined && <p dir="auto">{message}</p>}
        {title === undefined && message === undefined && <code dir="auto">{asText(data)}</code>}
        {link !== undefined && <SafeLink href={link} />}
      </div>
      <div className="item-side">
        <Moment atMs={timeMs} />
        {wasMissed(event) && <span className="late">while away</span>}
      </div>
    </li>
  )
})
