import { TidingsProvider, useEvents } from '@tidings/react'
import { ConnectionBanner, Toaster } from '@tidings/react/components'
import type { ReactNode } from 'react'
import type { Deploy, PageState } from './state.ts'

/** The page, the same on the server and in the browser. */
export function DeploysPage({ deploys, head }: PageState): ReactNode {
  return (
    <TidingsProvider lastEventId={head}>
      <h1>Deploys</h1>
      <ConnectionBanner />
      <Deploys known={deploys} />
      <Toaster />
    </TidingsProvider>
  )
}

function Deploys({ known }: { readonly known: readonly Deploy[] }): ReactNode {
  const events = useEvents('activity/deploy')
  const live = events.map(({ id, data }) => ({ id, message: (data as Deploy).message })).reverse()
  return (
    <ol>
      {[...live, ...known].map(({ id, message }) => (
        <li key={id}>{message}</li>
      ))}
    </ol>
  )
}
