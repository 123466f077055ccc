import type { ActivityInput } from '@tidings/client/api'
import { useTidings } from '@tidings/react'
import { ActivityFeed } from '@tidings/react/components'
import { useContext, useRef } from 'react'
import { useCommands } from '../code/command.ts'
import { Granted, MayDoEverything } from '../session/access.tsx'
import { Empty } from './empty.tsx'
import { Section } from './section.tsx'
import { SendButton } from './send-button.tsx'

const examples: readonly ActivityInput[] = [
  { type: 'deploy', message: 'api 2.3.1 rolled out to 3 of 3 regions' },
  { type: 'commit', message: 'main: fix the cursor when a block is cut in half' },
  { type: 'review', message: '“Encode once” was approved' },
  { type: 'alert', message: 'p99 is back under 20 ms' },
]

const client = `import { connect } from '@tidings/client'
import { createApi } from '@tidings/client/api'

const stream = connect({ topics: ['activity/deploy'], last: 10 })
stream.on('activity', ({ data }) => list.prepend(data.message))

await createApi().activity({
  type: 'deploy',
  message: 'api 2.3.1 rolled out to 3 of 3 regions',
})`

const react = `import { ActivityFeed } from '@tidings/react/components'

export function Team() {
  // A filter by type, and a pill that says “12 new”
  // instead of moving what you are reading.
  return <ActivityFeed />
}`

/** What happened, of all types or of one. */
export function Activity() {
  const { api } = useTidings()
  const isAll = useContext(MayDoEverything)
  const commands = useCommands()
  const next = useRef(0)
  return (
    <Section
      id="activity"
      title="An activity feed"
      lede="It begins with what happened before, and nothing moves under your eyes: scroll down, and what is new waits behind a pill."
      what="the activity feed"
      samples={[
        { name: 'React', code: react },
        { name: 'Client', code: client },
        {
          name: 'curl',
          code: `${commands.post('/api/activity', examples[0])}\n\n# The last ten deploys, then each as it comes:\n${commands.stream('/api/activity-feed?type=deploy')}`,
        },
      ]}
    >
      <div className="card feed-card">
        <Granted
          topic="activity/*"
          otherwise={
            <Empty>
              Your token does not name <code>activity/*</code>.
            </Empty>
          }
        >
          <ActivityFeed className="feed" title="What happened" past={30} />
          {isAll && (
            <p className="card-foot">
              <SendButton onSend={() => api.activity(examples[next.current++ % examples.length]!)}>
                Add an activity
              </SendButton>
            </p>
          )}
        </Granted>
      </div>
    </Section>
  )
}
