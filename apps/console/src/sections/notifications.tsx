import type { NotificationInput } from '@tidings/client/api'
import { useTidings } from '@tidings/react'
import { NotificationList } from '@tidings/react/components'
import { useContext, useRef } from 'react'
import { useCommands } from '../code/command.ts'
import { MayDoEverything } from '../session/access.tsx'
import { Section } from './section.tsx'
import { SendButton } from './send-button.tsx'

const examples: readonly NotificationInput[] = [
  { type: 'success', title: 'Deploy complete', message: 'v2.3.1 runs in all three regions' },
  { type: 'info', title: 'Mara left a comment', message: '“Encode once” looks good to me', link: '/docs' },
  { type: 'warning', title: 'Disk almost full', message: '91 % of /var is used' },
  { type: 'error', title: 'Payment failed', message: 'The card of order 42 was declined' },
]

/** One user's inbox, on all of their devices. */
export function Notifications({ user }: { readonly user: string }) {
  const { api } = useTidings()
  const isAll = useContext(MayDoEverything)
  const commands = useCommands()
  const next = useRef(0)
  const inPath = encodeURIComponent(user)

  return (
    <Section
      id="notifications"
      title="Notifications"
      lede="For one person, on every device of theirs: a bell with a badge, an inbox, a toast. Read here is read in every tab."
      what="notifications"
      samples={[
        { name: 'React', code: react(user) },
        { name: 'Client', code: client(user) },
        {
          name: 'curl',
          code: `${commands.post(`/api/notifications/${inPath}`, examples[0])}\n\n# Listen:\n${commands.stream(`/events/${inPath}`)}\n\n# The last ones, newest first:\n${commands.read(`/api/notifications/${inPath}?limit=20`)}`,
        },
      ]}
    >
      <div className="card inbox-card">
        <header className="card-head">
          <h3>
            Inbox of <code>{user}</code>
          </h3>
          {isAll && (
            <SendButton onSend={() => api.notify(user, examples[next.current++ % examples.length]!)}>
              Send a notification
            </SendButton>
          )}
        </header>
        <NotificationList className="inbox" />
      </div>
    </Section>
  )
}

function react(user: string): string {
  return `import { TidingsProvider } from '@tidings/react'
import {
  NotificationBell,
  Toaster,
} from '@tidings/react/components'
import '@tidings/react/styles.css'

export function App() {
  return (
    <TidingsProvider user="${user}" shared>
      <NotificationBell />
      <Toaster />
    </TidingsProvider>
  )
}`
}

function client(user: string): string {
  return `import { connect } from '@tidings/client'
import { createApi } from '@tidings/client/api'

const stream = connect({ topics: ['user/${user}'] })
stream.on('notification', ({ data }) => show(data.title, data.message))

await createApi().notify('${user}', {
  type: 'success',
  title: 'Deploy complete',
  message: 'v2.3.1 runs in all three regions',
})`
}
