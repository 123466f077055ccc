import {
  type FocusEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { useTidingsRoot } from '../use-tidings.ts'
import { classNames } from './class-names.ts'
import { Icon, KindIcon } from './icon.tsx'
import type { Labels } from './labels.ts'
import { safeHref } from './safe-href.ts'
import { ToastDesk } from './toast-desk.ts'
import type { Toast } from './toast-queue.ts'
import { useLabels } from './use-labels.ts'

/** Notifications that show themselves for a while. */
export interface ToasterProps {
  readonly className?: string | undefined
  /** Words in place of the English ones. */
  readonly labels?: Partial<Labels> | undefined
  /** How many are shown at once: 3 if absent. One more toast counts the others. */
  readonly max?: number | undefined
  /** How long each is shown, in milliseconds: 7,000 if absent. No time passes while one is pointed at or has the focus. */
  readonly durationMs?: number | undefined
  /** Whether announcements are shown too: yes, if absent. */
  readonly announcements?: boolean | undefined
  /** The corner of the window: `bottom-end` if absent. */
  readonly placement?: 'top-start' | 'top-end' | 'bottom-start' | 'bottom-end' | undefined
  /** In place of a toast's content; what closes it is yours to show then. */
  readonly renderToast?: ((toast: Toast, close: () => void) => ReactNode) | undefined
}

/**
 * Shows each new notification and announcement for a while, in one tab of a browser. After an absence, and when many
 * come at once, one toast says how many. Screen readers are told politely. Mount it once.
 */
export function Toaster(props: ToasterProps): ReactNode {
  const { className, max = 3, durationMs = 7_000, announcements = true, placement = 'bottom-end' } = props
  const labels = useLabels(props.labels)
  const root = useTidingsRoot()
  const desk = useMemo(
    () => new ToastDesk(root, { max, durationMs, isAnnouncing: announcements }),
    [root, max, durationMs, announcements],
  )
  const toasts = useSyncExternalStore(desk.subscribe, desk.getSnapshot, desk.getServerSnapshot)
  const region = useRef<HTMLElement>(null)
  const before = useRef<HTMLElement | undefined>(undefined)

  const onFocus = ({ relatedTarget }: FocusEvent) => {
    desk.pause('focus')
    if (relatedTarget instanceof HTMLElement && !region.current?.contains(relatedTarget))
      before.current = relatedTarget
  }
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    if (!(relatedTarget instanceof Node && region.current?.contains(relatedTarget))) desk.resume('focus')
  }
  const close = (key: string) => {
    keepFocus(region.current, key, before.current)
    desk.close(key)
  }

  return (
    <section
      className={classNames('tidings-toaster', className)}
      aria-label={labels.toasts}
      data-placement={placement}
      ref={region}
      onPointerEnter={() => desk.pause('pointer')}
      onPointerLeave={() => desk.resume('pointer')}
      onFocus={onFocus}
      onBlur={onBlur}
    >
      <ol className="tidings-toasts">
        {toasts.map((toast) => (
          <li
            key={toast.key}
            className="tidings-toast"
            data-key={toast.key}
            data-kind={toast.kind}
            onKeyDown={({ key }) => (key === 'Escape' ? close(toast.key) : undefined)}
          >
            {props.renderToast?.(toast, () => close(toast.key)) ?? (
              <ToastContent toast={toast} labels={labels} onClose={() => close(toast.key)} />
            )}
          </li>
        ))}
      </ol>
      <Spoken toasts={toasts} labels={labels} />
    </section>
  )
}

interface ToastContentProps {
  readonly toast: Toast
  readonly labels: Labels
  readonly onClose: () => void
}

function ToastContent({ toast, labels, onClose }: ToastContentProps): ReactNode {
  const href = safeHref(toast.link)
  const title = titleOf(toast, labels)
  return (
    <>
      {isSummary(toast) ? (
        <Icon name="bell" />
      ) : (
        <KindIcon kind={toast.kind} label={labels.kind(toast.kind)} />
      )}
      <div className="tidings-body">
        <p className="tidings-title">{title}</p>
        {toast.message !== '' && <p className="tidings-message">{toast.message}</p>}
        {href !== undefined && (
          <a
            className="tidings-link"
            aria-label={`${labels.openLink}: ${title}`}
            href={href}
            rel="noreferrer"
          >
            {labels.openLink}
          </a>
        )}
      </div>
      <button
        type="button"
        className="tidings-close"
        aria-label={`${labels.close}: ${title}`}
        onClick={onClose}
      >
        <Icon name="close" />
      </button>
    </>
  )
}

/** What a screen reader says of toasts that have come: without their buttons, and one polite sentence for all. */
function Spoken({
  toasts,
  labels,
}: {
  readonly toasts: readonly Toast[]
  readonly labels: Labels
}): ReactNode {
  const known = useRef<ReadonlySet<Toast>>(new Set())
  const [words, setWords] = useState('')
  useEffect(() => {
    const fresh = toasts.filter((toast) => !known.current.has(toast))
    known.current = new Set(toasts)
    if (fresh.length > 0) setWords(fresh.map((toast) => wordsOf(toast, labels)).join(' '))
    else if (toasts.length === 0) setWords('')
  }, [toasts, labels])
  return (
    <p className="tidings-unseen" role="status">
      {words}
    </p>
  )
}

function wordsOf(toast: Toast, labels: Labels): string {
  if (isSummary(toast)) return `${titleOf(toast, labels)}.`
  return `${labels.kind(toast.kind)}: ${toast.title}. ${toast.message}`
}

function titleOf(toast: Toast, labels: Labels): string {
  if (toast.kind === 'missed') return labels.missed(toast.count)
  return toast.kind === 'more' ? labels.more(toast.count) : toast.title
}

function isSummary({ kind }: Toast): boolean {
  return kind === 'missed' || kind === 'more'
}

/** Whoever closes a toast from within goes to the next one, or back to where they came from. */
function keepFocus(region: HTMLElement | null, key: string, before: HTMLElement | undefined): void {
  const items = [...(region?.querySelectorAll<HTMLElement>('[data-key]') ?? [])]
  const at = items.findIndex((item) => item.dataset.key === key)
  if (at === -1 || !items[at]!.contains(document.activeElement)) return
  const next = items[at + 1] ?? items[at - 1]
  const target = next?.querySelector<HTMLElement>('button, a[href]') ?? before
  target?.focus()
}
