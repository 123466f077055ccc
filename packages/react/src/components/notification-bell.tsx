import {
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import { useNotifications } from '../use-notifications.ts'
import { classNames } from './class-names.ts'
import { Icon } from './icon.tsx'
import { NotificationList, type NotificationListProps } from './notification-list.tsx'
import { useLabels } from './use-labels.ts'

/** A bell with a badge, and a list that it opens. */
export interface NotificationBellProps extends NotificationListProps {
  /** In place of the drawing. */
  readonly icon?: ReactNode
  /** Which edge of the bell the list keeps to: `end`, the default, suits a bell at the end of a line. */
  readonly align?: 'start' | 'end' | undefined
  /** When what was shown counts as read: `close`, the default, or `manual`, only by the button and by links. */
  readonly markRead?: 'close' | 'manual' | undefined
  /** Told when the list opens and closes. */
  readonly onOpenChange?: ((isOpen: boolean) => void) | undefined
}

/**
 * A bell that says how many notifications are unread, and opens their list. Escape, a click elsewhere, and moving the
 * focus away close it; Escape gives the focus back.
 */
export function NotificationBell(props: NotificationBellProps): ReactNode {
  const { className, icon, align = 'end', markRead = 'close', onOpenChange, ...list } = props
  const labels = useLabels(props.labels)
  const { unreadCount, markAllRead } = useNotifications()
  const [isOpen, setIsOpen] = useState(false)
  const id = useId()
  const bell = useRef<HTMLButtonElement>(null)
  const whole = useRef<HTMLDivElement>(null)
  const popover = useRef<HTMLDivElement>(null)

  const open = (willOpen: boolean) => {
    if (willOpen === isOpen) return
    setIsOpen(willOpen)
    onOpenChange?.(willOpen)
    if (!willOpen && markRead === 'close') markAllRead()
  }
  // The latest one, so that the listener below need not be made anew at each render.
  const close = useRef(open)
  useEffect(() => {
    close.current = open
  })

  useEffect(() => {
    if (!isOpen) return
    popover.current?.focus()
    const onPress = ({ target }: PointerEvent) => {
      if (target instanceof Node && !whole.current?.contains(target)) close.current(false)
    }
    document.addEventListener('pointerdown', onPress)
    return () => document.removeEventListener('pointerdown', onPress)
  }, [isOpen])

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isOpen) return
    event.stopPropagation()
    open(false)
    bell.current?.focus()
  }
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    // Without another element the window has lost the focus, or a click went to the page: neither is leaving by keyboard.
    if (relatedTarget instanceof Node && !whole.current?.contains(relatedTarget)) open(false)
  }

  const onMarkAll = () => {
    markAllRead()
    // The button goes, and must not take the focus with it.
    popover.current?.focus()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears what its button and its dialog let through.
    <div className={classNames('tidings-bell', className)} ref={whole} onKeyDown={onKeyDown} onBlur={onBlur}>
      <button
        type="button"
        className="tidings-bell-button"
        ref={bell}
        aria-label={labels.bell(unreadCount)}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => open(!isOpen)}
      >
        {icon ?? <Icon name="bell" />}
        {unreadCount > 0 && (
          <span className="tidings-badge" aria-hidden="true">
            {labels.badge(unreadCount)}
          </span>
        )}
      </button>
      {isOpen && (
        <div
          className="tidings-popover"
          data-align={align}
          id={id}
          ref={popover}
          role="dialog"
          aria-label={labels.notifications}
          tabIndex={-1}
        >
          <div className="tidings-popover-head">
            <p className="tidings-heading">{labels.notifications}</p>
            {unreadCount > 0 && (
              <button type="button" className="tidings-button" onClick={onMarkAll}>
                {labels.markAllRead}
              </button>
            )}
          </div>
          <NotificationList {...list} />
        </div>
      )}
    </div>
  )
}
