/** All that a page, or a program, hears of an EventSource. */
export interface SourceTrace {
  readonly heard: {
    readonly type: string
    readonly data: string
    readonly lastEventId: string
    readonly origin: string
  }[]
  /** `readyState` at each `open` and `error` of the source's own, in order. */
  readonly states: string[]
}

/** What is common to all of them. */
export interface AnySource extends EventTarget {
  readonly readyState: number
  close(): void
}

/** The type that ends a trace. */
export const theEnd = 'the end of this case'

/**
 * Listens to a source until an event of the type `theEnd` comes, or the source has given up, and closes it. It is sent
 * into pages as text: it may use nothing but what it is given.
 */
export function traceOf(source: AnySource, types: readonly string[], end: string): Promise<SourceTrace> {
  return new Promise((resolve) => {
    const heard: SourceTrace['heard'] = []
    const states: string[] = []
    const finish = () => {
      source.close()
      resolve({ heard, states })
    }
    const listen = (event: Event) => {
      // Its own `open` and `error` are no messages; a server's of the same name are.
      if (!(event instanceof MessageEvent)) {
        states.push(`${event.type} ${source.readyState}`)
        if (source.readyState === 2) finish()
        return
      }
      const { type, data, lastEventId, origin } = event as MessageEvent<string>
      heard.push({ type, data, lastEventId, origin })
      if (type === end) finish()
    }
    for (const type of new Set(['open', 'error', 'message', ...types, end]))
      source.addEventListener(type, listen)
  })
}
