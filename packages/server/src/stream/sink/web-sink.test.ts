import { expect, test } from 'vitest'
import { createTidings } from '../../tidings.ts'

test('a client that leaves ends its body in order: what serves it has nothing to report', async () => {
  const tidings = await createTidings({ store: 'memory:' })
  const client = new AbortController()
  const request = new Request('http://localhost/events', { signal: client.signal })
  const response = await tidings.respond(request, { topics: ['a'] })
  const reader = response.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('event: connected')
  const rest = reader.read()
  client.abort()
  expect(await rest).toEqual({ done: true, value: undefined })
  expect(tidings.audience('a')).toBe(0)
  await tidings.close()
})
