import type { TidingsEvent } from '@tidings/client'

/** What hangs on a board. */
export interface Notice {
  readonly author: string
  readonly text: string
}

/** The notice in an event. Anybody may publish here, so what came is looked at first: `undefined` if it is none. */
export function noticeIn({ type, data }: TidingsEvent): Notice | undefined {
  if (type !== 'notice' || typeof data !== 'object' || data === null) return undefined
  const { author, text } = data as Partial<Record<keyof Notice, unknown>>
  return typeof author === 'string' && typeof text === 'string' ? { author, text } : undefined
}
