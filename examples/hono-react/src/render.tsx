import { StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { DeploysPage } from './deploys-page.tsx'
import type { PageState } from './state.ts'

/** The page as markup. Nothing connects: streams are the browser's. */
export function render(state: PageState): string {
  return renderToString(
    <StrictMode>
      <DeploysPage {...state} />
    </StrictMode>,
  )
}
