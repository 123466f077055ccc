/** Whether the page is hidden. What has no page, as a worker or a server, never is. */
export function isHidden(): boolean {
  return globalThis.document?.hidden === true
}

/** Calls `listener` whenever the page is hidden or shown, until `signal` aborts. */
export function onVisibility(listener: () => void, signal: AbortSignal): void {
  globalThis.document?.addEventListener('visibilitychange', listener)
  signal.addEventListener('abort', () =>
    globalThis.document?.removeEventListener('visibilitychange', listener),
  )
}
