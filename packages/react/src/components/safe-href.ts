/** Only its own origin is ever compared. */
const somewhere = 'https://tidings.invalid'

/**
 * A link as it may stand in `href`: an http(s) address or a path of this site; `undefined` for everything else, above
 * all for `javascript:`. A link is what a stranger may have written.
 */
export function safeHref(link: string | undefined): string | undefined {
  if (link === undefined) return undefined
  // The browser's own parser decides: it strips tabs and line ends, and reads `/\` and `//` as another host.
  const url = parse(link)
  if (url === undefined || url.username !== '' || url.password !== '') return undefined
  const path = url.pathname + url.search + url.hash
  // Dots can leave two slashes in front, which would name another host.
  if (link.startsWith('/')) return url.origin === somewhere && !path.startsWith('//') ? path : undefined
  return /^https?:\/\//i.test(link) && /^https?:$/.test(url.protocol) ? url.href : undefined
}

function parse(link: string): URL | undefined {
  try {
    return new URL(link, somewhere)
  } catch {
    return undefined
  }
}
