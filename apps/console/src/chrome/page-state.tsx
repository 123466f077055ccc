import { NotificationBell } from '@tidings/react/components'
import { ConnectionPill } from './connection-pill.tsx'

/** Whether the page is connected, and the reader's inbox. */
export function PageState() {
  return (
    <>
      <ConnectionPill />
      <NotificationBell className="bell" />
    </>
  )
}
