import { TidingsError } from '@tidings/protocol'
import type { CredentialStore } from '../auth/store/credential-store.ts'
import { openCredentialStore } from '../auth/store/open-credential-store.ts'
import type { Settings } from '../config/settings.ts'
import { readRedisAddress } from '../config/store-address.ts'
import { CliError } from './cli-error.ts'
import { exitCode } from './exit-code.ts'

/**
 * Opens the keys of a server, lets them be used, and closes them.
 * @throws CliError with one clear line if that cannot be done.
 */
export async function withCredentials<Result>(
  settings: Settings,
  use: (store: CredentialStore) => Result | Promise<Result>,
): Promise<Result> {
  let store: CredentialStore | undefined
  try {
    store = await openCredentialStore(settings)
    return await use(store)
  } catch (error) {
    throw explain(error as Error, settings)
  } finally {
    await store?.close()
  }
}

function explain(error: Error, settings: Settings): CliError {
  if (error instanceof CliError) return error
  const because = (code: number, message: string) => new CliError(code, message, { cause: error })
  if (error instanceof RangeError) return because(exitCode.refused, error.message)
  const redis = readRedisAddress(settings.store)?.shown
  const message = `the keys in ${redis ?? settings.data}: ${error.message}`
  if (!(error instanceof TidingsError)) {
    const remedy = redis === undefined ? '. The folder must be writable, and its disk have room.' : ''
    return because(exitCode.storeRefused, `${message}${remedy}`)
  }
  return isAway(error) ? because(exitCode.unavailable, message) : because(exitCode.refused, error.message)
}

function isAway({ code }: TidingsError): boolean {
  return code === 'storage_unavailable' || code === 'storage_unanswered'
}
