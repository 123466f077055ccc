import type { Api, Receipt, Sent } from '@tidings/client/api'
import { useMemo, useState } from 'react'
import { useTidingsRoot } from './use-tidings.ts'

/** How the last of some writes went. */
interface Outcome {
  /** How many are on their way. */
  readonly pending: number
  readonly error: Error | undefined
  readonly receipt: Receipt | Sent | undefined
}

/** The calls of the API that write; each resolves with `undefined` where the API's own would throw. */
type Writes = {
  readonly [Name in 'publish' | 'notify' | 'announce' | 'update' | 'activity']: (
    ...args: Parameters<Api[Name]>
  ) => Promise<Awaited<ReturnType<Api[Name]>> | undefined>
}

/** What sends events, and how the last one went. */
export interface Publishing extends Writes {
  /** Whether one is on its way. */
  readonly isPending: boolean
  /** Why the last one that ended failed: a TidingsRequestError. */
  readonly error: Error | undefined
  /** The acknowledgement of the last one that ended, if it was stored. */
  readonly receipt: Receipt | Sent | undefined
  /** Forgets `error` and `receipt`. */
  reset(): void
}

const untried: Outcome = { pending: 0, error: undefined, receipt: undefined }

/** Publishes events. A call never rejects, so that it can stand in a handler of a form as it is: look at `error`. */
export function usePublish(): Publishing {
  const root = useTidingsRoot()
  const [{ pending, error, receipt }, setOutcome] = useState(untried)
  const writes = useMemo((): Writes & Pick<Publishing, 'reset'> => {
    const run = async <Answer extends Receipt | Sent>(write: (api: Api) => Promise<Answer>) => {
      setOutcome(({ pending, ...rest }) => ({ ...rest, pending: pending + 1 }))
      try {
        const receipt = await write(root.api)
        setOutcome(({ pending }) => ({ pending: pending - 1, error: undefined, receipt }))
        return receipt
      } catch (error) {
        setOutcome(({ pending }) => ({ pending: pending - 1, error: error as Error, receipt: undefined }))
        return undefined
      }
    }
    return {
      publish: (...args) => run((api) => api.publish(...args)),
      notify: (...args) => run((api) => api.notify(...args)),
      announce: (...args) => run((api) => api.announce(...args)),
      update: (...args) => run((api) => api.update(...args)),
      activity: (...args) => run((api) => api.activity(...args)),
      reset: () => setOutcome(({ pending }) => ({ ...untried, pending })),
    }
  }, [root])
  return useMemo(
    () => ({ ...writes, isPending: pending > 0, error, receipt }),
    [writes, pending, error, receipt],
  )
}
