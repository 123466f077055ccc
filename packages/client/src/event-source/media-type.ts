/** A part between commas that are not inside a quoted text. */
const parts = /(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g
const essence = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/

/**
 * Whether a `Content-Type` is an event stream's: its essence counts, its parameters do not (HTML standard, 9.2.3).
 * Several headers arrive as one with commas, of which the last good one counts (Fetch standard, 2.2.2).
 */
export function isEventStream(contentType: string | null): boolean {
  const types = (contentType?.match(parts) ?? [])
    .map(essenceOf)
    .filter((type) => essence.test(type) && type !== '*/*')
  return types.at(-1) === 'text/event-stream'
}

function essenceOf(type: string): string {
  return type.replace(/;.*/s, '').trim().toLowerCase()
}
