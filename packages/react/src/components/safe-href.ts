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
  if (link.startsWith('/')) return url.origin === somewhere ? url.pathname + url.search + url.hash : undefined
  return /^https?:\/\//i.test(link) && /^https?:$/.test(url.protocol) ? url.href : undefined
}

function parse(link: string): URL | undefined {
  try {
    return new URL(link, somewhere)
  } catch {
    return undefined
  }
}
