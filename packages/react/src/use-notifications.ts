import { useMemo, useSyncExternalStore } from 'react'
import type { InboxState } from './observe/inbox.ts'
import { useTidingsRoot } from './use-tidings.ts'

/** The user's notifications, and what can be done with them. */
export interface Notifications extends InboxState {
  /** Marks one as read, on this browser. */
  markRead(id: string): void
  /** Marks all as read, on this browser. */
  markAllRead(): void
  /** Loads the next older ones. */
  loadMore(): Promise<void>
  /** Loads the newest again, after an error for example; a gap does so by itself. */
  reload(): Promise<void>
}

/**
 * The notifications of the provider's user: the last ones, and each that arrives. All components of a page share them.
 * Without a user there are none.
 */
export function useNotifications(): Notifications {
  const { inbox } = useTidingsRoot()
  const state = useSyncExternalStore(inbox.subscribe, inbox.getSnapshot, inbox.getServerSnapshot)
  return useMemo(() => {
    const { markRead, markAllRead, loadMore, reload } = inbox
    return { ...state, markRead, markAllRead, loadMore, reload }
  }, [inbox, state])
}
