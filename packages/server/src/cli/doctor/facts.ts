import { readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { credentialFile } from '../../auth/store/file/credential-file.ts'
import { openCredentialStore } from '../../auth/store/open-credential-store.ts'
import { hasIssuers } from '../../auth/token/issuers.ts'
import type { Settings } from '../../config/settings.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import type { Certificate } from '../../http/certificate.ts'
import type { RedisFacts } from '../../log/redis/redis-facts.ts'
import type { Facts } from './configuration.ts'

/** Looks at the machine, and at the files that the settings name. @param certificate if there is one that serves. */
export async function gatherFacts(settings: Settings, certificate: Certificate | undefined): Promise<Facts> {
  // Before anything is opened: whoever opens the file of keys gives it the mode that it should have.
  const keysMode = modeOf(join(settings.data, credentialFile))
  const keys = await lookForKeys(settings)
  return {
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? '0',
    descriptors: descriptorLimit(),
    folderMode: modeOf(settings.data),
    keysMode,
    freeBytes: freeBytes(settings.data),
    ...keys,
    redis: await lookForRedis(settings),
    hasIssuers: hasIssuers(settings),
    tlsKeyMode: settings.tlsKey === '' ? undefined : modeOf(settings.tlsKey),
    certificateEndsAt: certificate?.validTo.getTime(),
    now: Date.now(),
  }
}

async function lookForKeys(settings: Settings): Promise<Pick<Facts, 'hasKeys' | 'whyNoStore'>> {
  try {
    const store = await openCredentialStore(settings)
    await store.close()
    return { hasKeys: store.hasKeys, whyNoStore: undefined }
  } catch (error) {
    return { hasKeys: false, whyNoStore: (error as Error).message }
  }
}

async function lookForRedis({ store }: Settings): Promise<RedisFacts | undefined> {
  const address = readRedisAddress(store)
  if (address === undefined) return undefined
  const { lookAtRedis } = await import('../../log/redis/look-at-redis.ts')
  return lookAtRedis(address).catch(() => undefined)
}

/** Linux tells; elsewhere nobody asks. */
function descriptorLimit(): number | undefined {
  const limits = attempt(() => readFileSync('/proc/self/limits', 'utf8'))
  const soft = limits && /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft ? Number(soft) : undefined
}

function modeOf(path: string): number | undefined {
  return attempt(() => statSync(path).mode & 0o777)
}

function freeBytes(folder: string): number | undefined {
  const space = attempt(() => statfsSync(folder)) ?? attempt(() => statfsSync(dirname(folder)))
  return space && space.bavail * space.bsize
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
