import { StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { DeploysPage } from './deploys-page.tsx'
import type { PageState } from './state.ts'

const state = JSON.parse(document.querySelector('#state')!.textContent!) as PageState

hydrateRoot(
  document.querySelector('#root')!,
  <StrictMode>
    <DeploysPage {...state} />
  </StrictMode>,
)
