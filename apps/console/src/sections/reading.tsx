import { useContext } from 'react'
import { MayDoEverything } from '../session/access.tsx'

interface Link {
  readonly href: string
  readonly name: string
  readonly words: string
  /** Not for everybody. */
  readonly isForOperators?: boolean
}

const links: readonly Link[] = [
  { href: '/docs', name: 'The HTTP API', words: 'Every resource, to read and to try.' },
  { href: '/openapi.json', name: 'OpenAPI', words: 'The same for your tools.' },
  {
    href: '/api/stats',
    name: 'Statistics',
    words: 'Connections, users, events, in JSON.',
    isForOperators: true,
  },
  { href: '/metrics', name: 'Metrics', words: 'The same and more, for Prometheus.', isForOperators: true },
]

/** Where to read on. */
export function Reading() {
  const isAll = useContext(MayDoEverything)
  return (
    <nav className="reading" aria-labelledby="reading-title" id="reading">
      <h2 id="reading-title">Read on</h2>
      <ul>
        {links
          .filter(({ isForOperators }) => isAll || !isForOperators)
          .map(({ href, name, words }) => (
            <li key={href}>
              <a href={href}>
                <strong>{name}</strong>
                <span>{words}</span>
              </a>
            </li>
          ))}
      </ul>
      <p className="soft">
        In the repository: <code>PROTOCOL.md</code> is the wire, <code>docs/library.md</code> your own app,{' '}
        <code>docs/security.md</code> the way to production, <code>examples/</code> ten lines of each.
      </p>
    </nav>
  )
}
