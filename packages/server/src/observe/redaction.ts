/** What stands in the place of a secret. */
const censor = '[redacted]'

/** How the names of fields end whose value is a secret: `Authorization`, `set-cookie`, `jwtSecret`, `api_key`. */
const secretName = /(?:authorization|cookie|token|ticket|secret|key|password|passphrase)$/i

/**
 * What is a secret wherever it stands: API keys and tickets of ours, JWTs, and whatever is shown as a bearer. Also in
 * the midst of a word, for in JSON the letter of an escape may stand before it.
 */
const secretShape = /td[kt]_[\w-]+|eyJ[\w-]*\.[\w.-]+|bearer +[^\s"'\\,]+/gi

/** Deeper than anything that is logged; whatever refers to itself ends here too. */
const maxDepth = 8

/** A copy of fields in which everything with a secret's name is censored, at any depth. Errors stay as they are. */
export function withoutSecretFields(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || isOwnForm(value)) return value
  if (depth === maxDepth) return '[deeper]'
  if (Array.isArray(value)) return value.map((item) => withoutSecretFields(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      secretName.test(name) ? censor : withoutSecretFields(field, depth + 1),
    ]),
  )
}

/** Censors what has the shape of a secret: in the messages of errors, which nobody foresees, nothing has a name. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(secretShape, censor)
}

/** Whether an object says itself how it is written, as dates do. */
function isOwnForm(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}
