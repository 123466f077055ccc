import { setTimeout as pause } from 'node:timers/promises'
import { type RedisAddress, readRedisAddress } from '../config/store-address.ts'
import { isUnavailable } from '../log/refusals.ts'
import { BackedCredentialStore, type CredentialStoreOptions } from './store/backed-credential-store.ts'
import type { CredentialStore } from './store/credential-store.ts'
import { CredentialFile } from './store/file/credential-file.ts'
import { MemoryTickets } from './tickets/memory-tickets.ts'
import type { TicketStore } from './tickets/ticket-store.ts'

/** How long one that was there, and did not tell what is stored, is left alone, in milliseconds. */
const againMs = 500

/** Where a log is kept, of the settings: what says who may read it is there too. */
export interface StorePlace {
  /** A folder; nothing is made there before something is written. */
  readonly data: string
  /** If it is the address of a Redis, that counts, and not the folder. */
  readonly store?: string
}

/** How stores are opened. */
export interface StoresOptions extends CredentialStoreOptions {
  /** How long to wait for a Redis that does not answer, in milliseconds; for ever, if absent. */
  readonly patienceMs?: number
}

/** What an authenticator keeps. Closing the credentials closes both. */
export interface Stores {
  readonly credentials: CredentialStore
  readonly tickets: TicketStore
}

/**
 * Opens the credentials and the tickets of a log.
 * @throws StoreRefused if Redis lets nobody in, TidingsError `storage_unavailable` if it does not answer in time.
 */
export async function openStores({ data, store = '' }: StorePlace, options: StoresOptions): Promise<Stores> {
  const address = readRedisAddress(store)
  if (address === undefined) {
    const credentials = await BackedCredentialStore.open(new CredentialFile(data), options)
    return { credentials, tickets: new MemoryTickets() }
  }
  return openOnRedis(address, options)
}

async function openOnRedis(address: RedisAddress, options: StoresOptions): Promise<Stores> {
  // Loaded when they are used: most servers have a file.
  const [{ AuthLink }, { RedisCredentials }, { RedisTickets }] = await Promise.all([
    import('./redis/auth-link.ts'),
    import('./store/redis/redis-credentials.ts'),
    import('./tickets/redis/redis-tickets.ts'),
  ])
  for (let told = ''; ; ) {
    const link = await AuthLink.open(address, options)
    try {
      const credentials = await BackedCredentialStore.open(new RedisCredentials(link), options)
      return { credentials, tickets: new RedisTickets(link) }
    } catch (error) {
      // It was there a moment ago, and is waited for like one that never was.
      if (!isUnavailable(error) || options.patienceMs !== undefined) throw error
      const reason = `${address.shown} does not tell who may what: ${(error.cause as Error).message}; trying again`
      if (reason !== told) options.onNotice?.({ level: 'warn', message: reason })
      told = reason
      await pause(againMs)
    }
  }
}
