import { safeHref } from '@tidings/react/components'

/** A link that an event brought; one that may not be followed (`javascript:` …) is the text that it is. */
export function SafeLink({ href }: { readonly href: string }) {
  const safe = safeHref(href)
  if (safe === undefined) return <span className="soft">{href}</span>
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer">
      {href}
    </a>
  )
}
