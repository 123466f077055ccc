import { element } from './element.ts'

/**
 * A link that a notification brought, if it may be followed: http, https, or a path of this server.
 * Anything else (`javascript:`, `data:` …) is shown as the text that it is.
 */
export function link(href: string): HTMLElement {
  const target = safeTarget(href)
  if (target === undefined) return element('span', { className: 'unsafe-link', text: href })
  const isHere = target.origin === location.origin
  return element('a', {
    text: isHere ? `${target.pathname}${target.search}${target.hash}` : `${target.host}${target.pathname}`,
    attributes: { href: target.href, target: '_blank', rel: 'noopener noreferrer' },
  })
}

function safeTarget(href: string): URL | undefined {
  const target = URL.parse(href, location.origin)
  return target !== null && (target.protocol === 'http:' || target.protocol === 'https:') ? target : undefined
}
