import { renderToString } from 'react-dom/server'
import { App } from './app.tsx'

/** What a server answers with: the markup of a view. */
export function render(view: string): string {
  return renderToString(<App view={view} />)
}
