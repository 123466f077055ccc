import { useSyncExternalStore } from 'react'
import { useTidingsRoot } from './use-tidings.ts'

/** How many notifications the user has not seen on this browser. */
export function useUnreadCount(): number {
  const { inbox } = useTidingsRoot()
  return useSyncExternalStore(
    inbox.subscribe,
    () => inbox.getSnapshot().unreadCount,
    () => inbox.getServerSnapshot().unreadCount,
  )
}
