interface Page {
  readonly events: readonly { readonly text?: string; readonly data?: unknown }[]
  readonly next: string | null
}

/** What a server keeps on a topic, oldest first: the texts, or the data, of its events. */
export async function storedOn(url: string, topic: string): Promise<unknown[]> {
  const stored: unknown[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query: URLSearchParams = new URLSearchParams({ topic, limit: '1000', order: 'asc' })
    if (after !== '') query.set('after', after)
    const page = (await (await fetch(`${url}/api/events?${query}`)).json()) as Page
    stored.push(...page.events.map(({ text, data }) => text ?? data))
    after = page.next
  }
  return stored
}

/** Lines of a log file, each of them different. */
export function makeLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index} "GET /é?q=${(index * 7919) % 1000}" 200 \\ ✓`)
}
