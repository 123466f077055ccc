import type { ReactNode } from 'react'
import type { InboxNotification } from '../observe/inbox.ts'
import { KindIcon } from './icon.tsx'
import type { Labels } from './labels.ts'
import { safeHref } from './safe-href.ts'
import { Time } from './time.tsx'

interface NotificationItemProps {
  readonly notification: InboxNotification
  readonly labels: Labels
  readonly onRead: (id: string) => void
}

/** A notification as lists show it. */
export function NotificationItem({ notification, labels, onRead }: NotificationItemProps): ReactNode {
  const { id, type, title, message, link, timeMs, isUnread } = notification
  const href = safeHref(link)
  return (
    <>
      <KindIcon kind={type} label={labels.kind(type)} />
      <div className="tidings-body">
        <p className="tidings-title">{title}</p>
        <p className="tidings-message">{message}</p>
        {href !== undefined && (
          <a
            className="tidings-link"
            aria-label={`${labels.openLink}: ${title}`}
            href={href}
            rel="noreferrer"
            onClick={() => onRead(id)}
          >
            {labels.openLink}
          </a>
        )}
      </div>
      <div className="tidings-side">
        <Time timeMs={timeMs} labels={labels} form="ago" />
        {isUnread && <span className="tidings-dot" role="img" aria-label={labels.unread} />}
      </div>
    </>
  )
}
