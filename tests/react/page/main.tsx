import { version } from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { ScriptedStream } from './scripted-stream.ts'

declare global {
  var scripted: ScriptedStream
  var reactVersion: string
  var unmount: () => void
}

globalThis.reactVersion = version

const query = new URLSearchParams(location.search)
const theme = query.get('theme')
if (theme !== null) document.documentElement.dataset.theme = theme
if (query.has('scripted')) globalThis.scripted = new ScriptedStream()

const app = (
  <App
    view={query.get('view') ?? 'everything'}
    user={query.get('user') ?? undefined}
    shared={query.has('shared')}
    stream={query.has('scripted') ? globalThis.scripted : undefined}
  />
)
const element = document.querySelector('#root')!
const onRecoverableError = (error: unknown) => console.error('not as the server wrote it', error)
const root =
  element.childElementCount > 0
    ? hydrateRoot(element, app, { onRecoverableError })
    : createRoot(element, { onRecoverableError })
if (element.childElementCount === 0) root.render(app)
globalThis.unmount = () => root.unmount()
