import type { ReactNode } from 'react'
import type { InboxNotification } from '../observe/inbox.ts'
import { type Notifications, useNotifications } from '../use-notifications.ts'
import { classNames } from './class-names.ts'
import type { Labels } from './labels.ts'
import { NotificationItem } from './notification-item.tsx'
import { useLabels } from './use-labels.ts'

/** A list of the user's notifications. */
export interface NotificationListProps {
  readonly className?: string | undefined
  /** Words in place of the English ones. */
  readonly labels?: Partial<Labels> | undefined
  /** Shows at most so many; all that are loaded, if absent. */
  readonly limit?: number | undefined
  /** In place of an item's content; the `<li>` around it stays. */
  readonly renderItem?: ((notification: InboxNotification, actions: Notifications) => ReactNode) | undefined
  /** In place of what an empty list shows. */
  readonly renderEmpty?: (() => ReactNode) | undefined
}

/** The user's notifications, newest first, with what is unread marked, and a button for older ones. */
export function NotificationList(props: NotificationListProps): ReactNode {
  const { className, limit, renderItem, renderEmpty } = props
  const labels = useLabels(props.labels)
  const inbox = useNotifications()
  const { isLoading, error, hasMore, markRead, loadMore, reload } = inbox
  const notifications = inbox.notifications.slice(0, limit)
  const isEmpty = notifications.length === 0
  return (
    <div className={classNames('tidings-notifications', className)} aria-busy={isLoading}>
      {isEmpty && !isLoading && error === undefined && (renderEmpty?.() ?? <Empty labels={labels} />)}
      {isEmpty && isLoading && <p className="tidings-loading">{labels.loading}</p>}
      {error !== undefined && (
        <p className="tidings-failed" role="alert">
          {labels.loadFailed}{' '}
          <button type="button" className="tidings-button" onClick={reload}>
            {labels.tryAgain}
          </button>
        </p>
      )}
      {!isEmpty && (
        <ul className="tidings-list" aria-label={labels.notifications}>
          {notifications.map((notification) => (
            <li
              key={notification.id}
              className="tidings-item"
              data-kind={notification.type}
              data-unread={notification.isUnread || undefined}
            >
              {renderItem?.(notification, inbox) ?? (
                <NotificationItem notification={notification} labels={labels} onRead={markRead} />
              )}
            </li>
          ))}
        </ul>
      )}
      {hasMore && !isEmpty && limit === undefined && (
        <button type="button" className="tidings-button tidings-more" onClick={loadMore} disabled={isLoading}>
          {isLoading ? labels.loading : labels.loadMore}
        </button>
      )}
    </div>
  )
}

function Empty({ labels }: { readonly labels: Labels }): ReactNode {
  return (
    <div className="tidings-empty">
      <p className="tidings-title">{labels.noNotifications}</p>
      <p>{labels.noNotificationsHint}</p>
    </div>
  )
}
