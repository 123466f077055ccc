import type { Api } from '@tidings/client/api'
import { useTidings } from '@tidings/react'
import { useEffect, useState } from 'react'

/** How often something happens while the connection is cut, and how often at most. */
const everyMs = 800
const most = 12

type Publish = (api: Api, user: string) => Promise<{ readonly topic: string; readonly id: string }>

const happenings: readonly Publish[] = [
  async (api) =>
    happened('activity/deploy', await api.activity({ type: 'deploy', message: 'api 2.3.2 is on its way' })),
  async (api) =>
    happened(
      'activity/commit',
      await api.activity({ type: 'commit', message: 'main: one write a stream a batch' }),
    ),
  async (api, user) =>
    happened(
      `user/${user}`,
      await api.notify(user, { type: 'success', title: 'Backup finished', message: '41 GiB in 6 minutes' }),
    ),
  async (api) => {
    const { ids } = await api.publish({
      topic: 'orders/42',
      type: 'shipped',
      data: { by: 'train', parcels: 2 },
    })
    return { topic: 'orders/42', id: ids[0]! }
  },
  async (api) =>
    happened(
      'activity/review',
      await api.activity({ type: 'review', message: '“Resume by cursor” was approved' }),
    ),
]

/** Publishes one thing after the other while the connection is cut. @param onStored is told what is stored. */
export function useMeanwhile(
  isCut: boolean,
  user: string,
  onStored: (id: string, topic: string) => void,
): void {
  const { api } = useTidings()
  // Another absence goes on where the last one stopped, so that not the same things happen again.
  const [counter] = useState({ next: 0 })

  useEffect(() => {
    if (!isCut) return undefined
    let left = most
    const timer = setInterval(() => {
      if (left-- === 0) return clearInterval(timer)
      const publish = happenings[counter.next++ % happenings.length]!
      // A server that is away as well stores nothing, and then there is nothing to miss.
      publish(api, user).then(
        ({ id, topic }) => onStored(id, topic),
        () => {},
      )
    }, everyMs)
    return () => clearInterval(timer)
  }, [isCut, api, user, onStored, counter])
}

function happened(
  topic: string,
  { id }: { readonly id: string },
): { readonly topic: string; readonly id: string } {
  return { topic, id }
}
