import { useConnection } from '@tidings/react'
import { Section } from './section.tsx'
import { useTabCount } from './use-tab-count.ts'

const client = `import { connect } from '@tidings/client'

// Tabs that share under one name have one connection:
// one of them holds it, and hands it on when it is closed.
const stream = connect({ topics: ['orders/*'], shared: user.id })

stream.onStatus(({ role }) => {
  badge.textContent = role // alone, leader or follower
})`

const react = `import { TidingsProvider, useConnection } from '@tidings/react'

<TidingsProvider user={user.id} shared>
  <Role />
</TidingsProvider>

function Role() {
  return useConnection().role // 'alone' | 'leader' | 'follower'
}`

const roles = {
  alone: 'This tab is alone: it holds the connection for itself.',
  leader: 'This tab holds the connection, for itself and for the others.',
  follower: 'Another tab holds the connection, and passes on what comes.',
}

/** More boxes than this are not drawn. */
const drawnTabs = 12

/** How many tabs there are, and that they have one connection. */
export function Sharing() {
  const { role, isConnected } = useConnection()
  const tabs = useTabCount()
  return (
    <Section
      id="tabs"
      title="Tabs share one stream"
      lede="Browsers allow six connections to one server on HTTP/1.1, over all tabs. Ten tabs of this page take one."
      what="sharing between tabs"
      samples={[
        { name: 'Client', code: client },
        { name: 'React', code: react },
      ]}
    >
      <div className="card sharing-card">
        <div
          className="sharing"
          role="img"
          aria-label={`${tabs} ${tabs === 1 ? 'tab' : 'tabs'}, one connection`}
        >
          <div className="sharing-tabs">
            {Array.from({ length: Math.min(tabs, drawnTabs) }, (_, index) => (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: tabs have no other name.
                key={index}
                className="sharing-tab"
                data-own={index === 0 || undefined}
              >
                {index === 0 ? 'this tab' : ''}
              </span>
            ))}
          </div>
          <span className="sharing-line" />
          <span className="sharing-server">server</span>
        </div>
        <p className="sharing-words">{isConnected ? roles[role] : 'This tab has no connection just now.'}</p>
        <div className="sharing-foot">
          <dl className="facts">
            <div>
              <dt>Tabs</dt>
              <dd id="tab-count">{tabs}</dd>
            </div>
            <div>
              <dt>Connections</dt>
              <dd>{isConnected ? 1 : '–'}</dd>
            </div>
            <div>
              <dt>This tab</dt>
              <dd id="tab-role">{isConnected ? role : '–'}</dd>
            </div>
          </dl>
          <a className="button" href="/" target="_blank" rel="noopener">
            Open a second tab
          </a>
        </div>
      </div>
    </Section>
  )
}
