import { type Fields, wrong } from './fields.ts'

/** A link, in UTF-16 code units: what every browser takes. */
export const maxLinkLength = 2_048

/**
 * Reads the optional field `link`: something that is safe to put into `href`. It is either an http(s) address
 * or a path on the reader's own site. Anything else, `javascript:` above all, would run or lead elsewhere.
 * @throws TidingsError `invalid_field`, field `link`.
 */
export function readLink(fields: Fields): string | undefined {
  const { link } = fields
  if (link === undefined) return undefined
  if (typeof link === 'string' && link.length <= maxLinkLength && !refused.test(link)) {
    if (isRootRelative(link) || isWebAddress(link)) return link
  }
  throw wrong('link', 'link must begin with "https://", "http://" or one "/", without spaces or backslashes.')
}

/** Browsers drop tabs and line breaks, and read `\` as `/`: both can hide another host. */
const refused = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u

function isRootRelative(link: string): boolean {
  return link.startsWith('/') && !link.startsWith('//')
}

function isWebAddress(link: string): boolean {
  if (!/^https?:\/\//i.test(link) || !URL.canParse(link)) return false
  const { username, password } = new URL(link)
  // https://bank.example@evil.example leads to evil.example.
  return username === '' && password === ''
}
