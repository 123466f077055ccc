import { routes } from './routes.ts'

/** A page that lists the routes. */
export function routesPage(): string {
  const rows = routes.map(({ name, says, examples = [] }) => {
    const paths = examples.length === 0 ? [`/${name}`] : examples.map((example) => `/${name}/${example}`)
    const links = paths.map((path) => `<a href="${path}">${path}</a>`)
    return `<tr><td>${links.join(' ')}<td>${says}`
  })
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>A server of bad behaviours</title>
<style>body { font: 16px/1.5 system-ui; margin: 2rem } td { padding: .25rem 1rem; vertical-align: top }</style>
<h1>A server of bad behaviours</h1>
<p>Point a client at one of these. Good streams send events 1 to 10, or those after <code>Last-Event-ID</code>, and stay
open. What happens to the first request happens again at a new query: <code>/half-event?2</code>.
<table>${rows.join('\n')}</table></html>`
}
