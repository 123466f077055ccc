const sections = [
  ['notifications', 'Notifications'],
  ['resume', 'Resume'],
  ['announcements', 'Announcements'],
  ['machine', 'Metrics'],
  ['ticker', 'Ticker'],
  ['activity', 'Activity'],
  ['tail', 'Tail'],
  ['tabs', 'Tabs'],
  ['clock', 'Clock'],
] as const

/** The way to each section. */
export function SectionNav() {
  return (
    <nav className="section-nav" aria-label="Sections">
      <ul>
        {sections.map(([id, name]) => (
          <li key={id}>
            <a href={`#${id}`}>{name}</a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
