import type { TidingsStream } from '@tidings/client'
import { TidingsProvider } from '@tidings/react'
import { type ReactNode, StrictMode } from 'react'
import { views } from './views.tsx'

interface AppProps {
  readonly view: string
  readonly user?: string | undefined
  readonly url?: string | undefined
  readonly stream?: TidingsStream | undefined
  readonly shared?: boolean | undefined
}

/** A view in a provider, in StrictMode, as a careful app has it. */
export function App({ view, user = 'demo-user', url, stream, shared }: AppProps): ReactNode {
  const View = views[view]!
  return (
    <StrictMode>
      <TidingsProvider user={user} url={url} stream={stream} shared={shared}>
        <View />
      </TidingsProvider>
    </StrictMode>
  )
}
