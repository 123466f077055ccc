import { type ConnectOptions, connect, type TidingsStream } from '@tidings/client'
import { type Api, createApi } from '@tidings/client/api'
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import type { Labels } from './components/labels.ts'
import { LabelsContext } from './components/use-labels.ts'
import { LazyStream } from './observe/lazy-stream.ts'
import { TidingsRoot } from './tidings.ts'
import { TidingsContext } from './use-tidings.ts'

/**
 * How to connect, or a stream that is connected already. The address, `user`, `shared`, `method` and `credentials` make
 * another connection when they change, `topics` change the one there is, `token` and `headers` are asked as they are
 * then; the rest counts as it was at first.
 */
export interface TidingsProviderProps extends ConnectOptions {
  /** Whose page it is: their notifications are shown, and what they have seen is kept under their name. */
  readonly user?: string | undefined
  /** A stream of yours, in place of one made here. Nobody but you closes it. */
  readonly stream?: TidingsStream | undefined
  /** An API of yours, in place of one made here. */
  readonly api?: Api | undefined
  /** Words in another language, for all components below. */
  readonly labels?: Partial<Labels> | undefined
  readonly children?: ReactNode
}

/** Gives what is below it one connection: made when it is mounted, closed when it is gone. */
export function TidingsProvider({ children, labels, user, ...options }: TidingsProviderProps): ReactNode {
  const latest = useRef(options)
  useLayoutOnPage(() => {
    latest.current = options
  })
  const { stream, api, url, shared, method, credentials } = options
  const address = url === undefined ? undefined : String(url)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only these are worth another connection.
  const root = useMemo(
    () => createRoot(user, stream, api, () => latest.current),
    [user, stream, api, address, shared, method, credentials],
  )
  const topics = [...(options.topics ?? [])].join('\n')
  // The order counts: hooks below have said what they want by now, then come these topics, then the connection.
  useEffect(() => (topics === '' ? undefined : root.wanted.want(topics.split('\n'))), [root, topics])
  useEffect(() => (root.stream instanceof LazyStream ? root.stream.hold() : undefined), [root])
  return (
    <TidingsContext.Provider value={root}>
      <LabelsContext.Provider value={labels}>{children}</LabelsContext.Provider>
    </TidingsContext.Provider>
  )
}

/** On a server there is no layout, and React 18 complains of an effect that waits for it. */
const useLayoutOnPage = typeof document === 'undefined' ? useEffect : useLayoutEffect

type Options = Omit<TidingsProviderProps, 'children' | 'labels' | 'user'>

function createRoot(
  user: string | undefined,
  stream: TidingsStream | undefined,
  api: Api | undefined,
  latest: () => Options,
): TidingsRoot {
  return new TidingsRoot(
    stream ?? new LazyStream((topics) => connect(connectOptions(user, topics, latest))),
    () => api ?? createApi(apiOptions(latest)),
    user,
  )
}

function connectOptions(
  user: string | undefined,
  topics: readonly string[],
  latest: () => Options,
): ConnectOptions {
  const { stream: _, api: __, ...options } = latest()
  // Tabs of different users must not share a stream: one would read the other's.
  const shared = options.shared === true ? (user ?? true) : options.shared
  return { ...options, ...credentialsOf(latest), shared, topics }
}

function apiOptions(latest: () => Options) {
  const { url, credentials, fetch } = latest()
  return { url, credentials, fetch, ...credentialsOf(latest) }
}

/** `token` and `headers`, asked for as they are whenever they are needed: a page makes new functions at each render. */
function credentialsOf(latest: () => Options): Pick<ConnectOptions, 'token' | 'headers'> {
  const { token, headers } = latest()
  return {
    ...(token !== undefined && {
      token: async (request) => {
        const source = latest().token
        return typeof source === 'function' ? source(request) : source
      },
    }),
    ...(headers !== undefined && {
      headers: async () => {
        const source = latest().headers
        return (typeof source === 'function' ? await source() : source) ?? {}
      },
    }),
  }
}
