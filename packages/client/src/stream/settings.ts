import type { ConnectOptions } from '../options.ts'

/** The options of a stream, as its parts take them: with its address in full, and lists that can be read again and again. */
export interface Settings extends Omit<ConnectOptions, 'url' | 'topics' | 'types'> {
  readonly url: URL
  readonly topics: Iterable<string>
  readonly types: readonly string[]
}
