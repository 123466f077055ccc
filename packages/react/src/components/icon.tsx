import type { ReactNode } from 'react'

const paths = {
  success: 'm5 12.5 4.5 4.5L19 7.5',
  info: 'M12 11v6M12 7v.1',
  warning: 'M12 6v7M12 17v.1',
  error: 'm7 7 10 10m0-10L7 17',
  announcement: 'M4 10v4h3l8 4.5v-13L7 10zM18.5 9.5a3.5 3.5 0 0 1 0 5',
  bell: 'M6 10a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4S6 15 6 10M10 20a2.2 2.2 0 0 0 4 0',
  close: 'm7 7 10 10m0-10L7 17',
} as const

/** The name of a drawing. */
export type IconName = keyof typeof paths

/** A small drawing in the colour of the text; what it means is said beside it. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="tidings-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}

/** The drawing for a kind of notification, in its colour, and its name for screen readers. */
export function KindIcon({ kind, label }: { readonly kind: string; readonly label: string }): ReactNode {
  const name = Object.hasOwn(paths, kind) ? (kind as IconName) : 'info'
  return (
    <span className="tidings-kind" data-kind={name} role="img" aria-label={label}>
      <Icon name={name} />
    </span>
  )
}
