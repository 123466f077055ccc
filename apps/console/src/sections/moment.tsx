import { formatMoment } from '../clock.ts'

/** When something was, as the reader's wall clock shows it. */
export function Moment({ atMs }: { readonly atMs: number }) {
  return <time dateTime={new Date(atMs).toISOString()}>{formatMoment(atMs)}</time>
}
