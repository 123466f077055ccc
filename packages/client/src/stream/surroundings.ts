/** What a device tells of itself. */
export interface SurroundingsListener {
  /** There is a network again, or the page is seen again and may have slept. */
  onAwake?(): void
  /**
   * There is no network; or the page is left, and may be kept as it stands: its connection would be one of the six that
   * a server may have, and six such pages would keep the next one from loading.
   */
  onOffline?(): void
  /** The page is left, perhaps for good. */
  onLeave?(): void
}

/** Listens to the page or worker, if this is one. Returns a function that stops it. */
export function watchSurroundings({ onAwake, onOffline, onLeave }: SurroundingsListener): () => void {
  const stop = new AbortController()
  const page = globalThis.document
  const listen = (
    type: string,
    handler: (() => void) | undefined,
    target: EventTarget = globalThis,
  ): void => {
    // Node and Bun have no such events, and nothing to listen at.
    if (handler !== undefined) target.addEventListener?.(type, handler, stop)
  }
  listen('online', onAwake)
  listen('pageshow', onAwake)
  listen('offline', onOffline)
  listen('pagehide', onOffline)
  listen('pagehide', onLeave)
  if (page !== undefined) {
    listen('resume', onAwake, page)
    listen('visibilitychange', () => (page.hidden ? onLeave : onAwake)?.(), page)
  }
  return () => stop.abort()
}

/** Whether the device believes that it has a network. Where nobody knows, it has. */
export function isOnline(): boolean {
  return globalThis.navigator?.onLine !== false
}
