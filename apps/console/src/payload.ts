/** Characters of one text that are shown: an event may hold 256 KiB, and no row has room for that. */
const shownCharacters = 1_000

/** What somebody typed: its JSON value, or the text itself if it is no JSON. */
export function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A field, or an item, of anything: `undefined` unless `value` has it. Publishers may send any JSON. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

/** A text field of anything; numbers and booleans as text, all else `undefined`. */
export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name)
  if (typeof found === 'string') return found === '' ? undefined : clip(found)
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : undefined
}

/** A number field of anything. */
export function numberField(value: unknown, name: string): number | undefined {
  const found = field(value, name)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

/** Any value as one text: a string as it is, all else as JSON. */
export function asText(value: unknown): string {
  return clip(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

/** What an event says, in one line: its title, its message, or all of it. */
export function summary(data: unknown): string {
  const [title, message] = [textField(data, 'title'), textField(data, 'message')]
  if (title !== undefined && message !== undefined) return `${title}: ${message}`
  return title ?? message ?? textField(data, 'line') ?? asText(data)
}

function clip(text: string): string {
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
}
