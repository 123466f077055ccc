/** Publishes to a server, one event each, and returns their ids. */
export async function publish(server: string, events: readonly Posted[]): Promise<string[]> {
  const response = await fetch(`${server}/api/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(events),
  })
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`)
  const { ids } = (await response.json()) as { ids: string[] }
  return ids
}

/** What is published. */
export interface Posted {
  readonly topic: string
  readonly type?: string
  readonly data?: unknown
  readonly text?: string
}
