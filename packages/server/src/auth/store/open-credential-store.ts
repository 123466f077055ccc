import { openStores, type StorePlace } from '../open-stores.ts'
import type { CredentialStoreOptions } from './backed-credential-store.ts'
import type { CredentialStore } from './credential-store.ts'

/** How long a Redis is waited for that does not answer, in milliseconds. */
const patienceMs = 5_000

/**
 * Opens the keys of a log, for whoever has no server: the command line.
 * @throws StoreRefused if Redis lets nobody in, TidingsError `storage_unavailable` if it does not answer.
 */
export async function openCredentialStore(
  place: StorePlace & CredentialStoreOptions,
): Promise<CredentialStore> {
  const { credentials } = await openStores(place, { ...place, patienceMs })
  return credentials
}
