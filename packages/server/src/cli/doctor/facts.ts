import { readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { credentialFile } from '../../auth/store/credential-file.ts'
import { openCredentialStore } from '../../auth/store/open-credential-store.ts'
import { hasIssuers } from '../../auth/token/issuers.ts'
import type { Settings } from '../../config/settings.ts'
import type { Certificate } from '../../http/certificate.ts'
import type { Facts } from './configuration.ts'

/** Looks at the machine, and at the files that the settings name. @param certificate if there is one that serves. */
export function gatherFacts(settings: Settings, certificate: Certificate | undefined): Facts {
  return {
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? '0',
    descriptors: descriptorLimit(),
    folderMode: modeOf(settings.data),
    keysMode: modeOf(join(settings.data, credentialFile)),
    freeBytes: freeBytes(settings.data),
    hasKeys: hasKeys(settings),
    hasIssuers: hasIssuers(settings),
    tlsKeyMode: settings.tlsKey === '' ? undefined : modeOf(settings.tlsKey),
    certificateEndsAt: certificate?.validTo.getTime(),
    now: Date.now(),
  }
}

function hasKeys(settings: Settings): boolean {
  const store = openCredentialStore(settings.data, settings)
  try {
    return store.hasKeys
  } finally {
    store.close()
  }
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
