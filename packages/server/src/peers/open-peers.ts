import { readRedisAddress } from '../config/store-address.ts'
import type { StoreNotice } from '../observe/store-notice.ts'
import { noPeers } from './no-peers.ts'
import type { Peers } from './peers.ts'

/**
 * The peers of a process that opens its log by itself: on Redis all others that serve it, else nobody.
 * @param onNotice told when this process may not speak with them.
 */
export async function openPeers(
  { store }: { readonly store: string },
  onNotice: (notice: StoreNotice) => void = () => {},
): Promise<Peers> {
  const address = readRedisAddress(store)
  if (address === undefined) return noPeers()
  const [{ Correspondence }, { RedisPost }] = await Promise.all([
    import('./correspondence.ts'),
    import('./redis-post.ts'),
  ])
  return new Correspondence((id, take) => new RedisPost(address, id, take, onNotice))
}
