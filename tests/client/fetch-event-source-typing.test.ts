import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** Code as it is written for the abandoned package, with everything that its page shows. */
const forFetchEventSource = `
import { EventStreamContentType, fetchEventSource } from '@microsoft/fetch-event-source'
import type { EventSourceMessage, FetchEventSourceInit } from '@microsoft/fetch-event-source'

class RetriableError extends Error {}
class FatalError extends Error {}

export async function chat(question: string, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  await fetchEventSource('/api/sse', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ question }),
    signal,
    openWhenHidden: true,
    async onopen(response) {
      if (response.ok && response.headers.get('content-type') === EventStreamContentType) return
      if (response.status >= 400 && response.status < 500 && response.status !== 429) throw new FatalError()
      throw new RetriableError()
    },
    onmessage(msg) {
      if (msg.event === 'FatalError') throw new FatalError(msg.data)
      say(msg.data + msg.id.length + (msg.retry ?? 0).toFixed())
    },
    onclose() {
      throw new RetriableError()
    },
    onerror(err) {
      if (err instanceof FatalError) throw err
      if (err.status === 503) return 5_000
    },
  })
}

const init: FetchEventSourceInit = { headers: { Authorization: 'Bearer x' }, credentials: 'include', mode: 'cors' }
init.headers = { ...init.headers, 'X-More': 'y' }
init.onmessage = (event: EventSourceMessage) => console.log(event.id, event.event, event.data)
init.onerror = () => null
init.fetch = window.fetch
const done: Promise<void> = fetchEventSource(new Request('/api/sse'), init)
void done.then(() => {})
export const messages: EventSourceMessage[] = [{ id: '', event: '', data: '' }]
export const kind: 'text/event-stream' = EventStreamContentType
`

/** Code as it is written for the browser's own class, whose type it names. */
const forBrowser = `
export function listen(source: globalThis.EventSource): void {
  source.onmessage = function (event) {
    console.log(event.data, event.lastEventId, this.readyState === this.OPEN)
  }
  source.onerror = (event) => console.log(event.type)
  source.addEventListener('update', (event) => console.log(event.data.length))
  source.addEventListener('open', (event: Event) => console.log(event.type), { once: true })
  source.addEventListener('error', { handleEvent: (event: Event) => console.log(event) })
  source.close()
}
const url = new URL('http://127.0.0.1/')
listen(new EventSource(url, { withCredentials: true }))
export const kind: typeof globalThis.EventSource = EventSource
export const states: [0, 1, 2] = [EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED]
`

/** Code as it is written for the package of npm. */
const forNpm = `
import { EventSource, ErrorEvent, type EventSourceInit } from 'eventsource'
const init: EventSourceInit = {
  withCredentials: true,
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: 'Bearer x' } }),
}
export const source = new EventSource('http://127.0.0.1/', init)
source.onerror = (event: ErrorEvent) => console.log(event.code === 401, event.message?.length)
source.addEventListener('update', (event) => console.log(event.data, event.lastEventId, event.origin))
source.addEventListener('error', (event) => console.log(event.code))
`

/** What the compiler has to say of a program: nothing, if it compiles. */
async function complaints(program: string, options: Record<string, boolean>): Promise<string> {
  await using folder = await tempFolder()
  await symlink(modules, join(folder.path, 'node_modules'))
  await writeFile(join(folder.path, 'program.ts'), program)
  const compilerOptions = {
    ...{
      target: 'es2024',
      module: 'esnext',
      moduleResolution: 'bundler',
      lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
    },
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: [], allowImportingTsExtensions: true },
    ...{ customConditions: ['tidings-source'], ...options },
  }
  await writeFile(
    join(folder.path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['program.ts'] }),
  )
  try {
    await promisify(execFile)(join(modules, '.bin/tsc'), ['-p', folder.path], { cwd: folder.path })
    return ''
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return stdout + stderr
  }
}

describe.each([
  ['strict', {}],
  ['and exact about optional properties', { exactOptionalPropertyTypes: true }],
])('the compiler, %s', (_how, options) => {
  test('code for @microsoft/fetch-event-source compiles with the import changed', async () => {
    expect(await complaints(forFetchEventSource, options)).toBe('')
    const moved = forFetchEventSource.replaceAll(
      '@microsoft/fetch-event-source',
      '@tidings/client/fetch-event-source',
    )
    expect(await complaints(moved, options)).toBe('')
  })

  test("code for the browser's EventSource compiles with an import added", async () => {
    expect(await complaints(`export {}\n${forBrowser}`, options)).toBe('')
    expect(
      await complaints(`import { EventSource } from '@tidings/client/event-source'\n${forBrowser}`, options),
    ).toBe('')
  })

  test('code for the eventsource of npm compiles with the import changed', async () => {
    expect(await complaints(forNpm, options)).toBe('')
    expect(await complaints(forNpm.replace("'eventsource'", "'@tidings/client/event-source'"), options)).toBe(
      '',
    )
  })

  test('and code that is wrong does not', async () => {
    const wrong = forFetchEventSource
      .replaceAll('@microsoft/fetch-event-source', '@tidings/client/fetch-event-source')
      .replace('msg.data + ', 'msg.dada + ')
    expect(await complaints(wrong, options)).toContain("Property 'dada' does not exist")
  })
})
