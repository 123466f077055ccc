import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ConfigError } from '../config/config-error.ts'

/** Where a certificate and its key are: the settings of that name. */
export interface CertificateFiles {
  readonly tlsCert: string
  readonly tlsKey: string
}

/** A certificate with its key, fit to serve. */
export interface Certificate {
  /** PEM, the server's own certificate first. */
  readonly cert: Buffer
  /** PEM. */
  readonly key: Buffer
  readonly validFrom: Date
  readonly validTo: Date
}

/** Before its end, a certificate that nobody has renewed is worth a warning: renewals are tried a month before. */
const soonMs = 7 * 24 * 60 * 60 * 1_000

/**
 * Reads a certificate and its key, and checks that they belong together.
 * @throws ConfigError saying what is wrong with which file, and what to do.
 */
export async function readCertificate({ tlsCert, tlsKey }: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([read('tlsCert', tlsCert), read('tlsKey', tlsKey)])
  const first = parseCertificate(cert, tlsCert)
  const privateKey = parseKey(key, tlsKey)
  if (!first.checkPrivateKey(privateKey)) {
    throw wrong(
      'tlsKey',
      tlsKey,
      `is not the key of the first certificate in ${tlsCert}; give the key that this certificate was made` +
        " with, and put the server's own certificate first",
    )
  }
  checkUse(cert, key, tlsCert)
  return { cert, key, validFrom: new Date(first.validFrom), validTo: new Date(first.validTo) }
}

/** What is wrong with the time of a certificate, for the log; `undefined` if nothing is. */
export function timeTrouble({ validFrom, validTo }: Certificate, now = Date.now()): string | undefined {
  if (validTo.getTime() <= now) return 'the TLS certificate has expired: browsers refuse it; renew it'
  if (validFrom.getTime() > now)
    return 'the TLS certificate is not valid yet; check the clock of this machine'
  if (validTo.getTime() - now < soonMs) return 'the TLS certificate expires soon; renew it'
  return undefined
}

type FileKey = keyof CertificateFiles

async function read(key: FileKey, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw wrong(key, path, unreadable[code ?? ''] ?? `cannot be read: ${message}`)
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; give the path of a PEM file',
  EACCES: 'may not be read by this user; let the group of the server read it',
  EISDIR: 'is a folder; give the path of a PEM file',
}

function parseCertificate(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw wrong(
      'tlsCert',
      path,
      'holds no certificate; give the chain as PEM, beginning with -----BEGIN CERTIFICATE-----',
    )
  }
}

function parseKey(pem: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const isLocked = code === 'ERR_MISSING_PASSPHRASE' || pem.includes('ENCRYPTED')
    throw wrong(
      'tlsKey',
      path,
      isLocked
        ? 'is locked with a passphrase; give it without one, readable by the server alone'
        : 'holds no private key; give it as PEM, beginning with -----BEGIN PRIVATE KEY-----',
    )
  }
}

/** A chain whose later certificates are damaged, or a key that is too short, shows only now. */
function checkUse(cert: Buffer, key: Buffer, path: string): void {
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const { reason, message } = error as Error & { reason?: string }
    throw wrong('tlsCert', path, `is refused by OpenSSL (${reason ?? message}); check the whole chain`)
  }
}

function wrong(key: FileKey, path: string, remedy: string): ConfigError {
  return new ConfigError([{ key, source: JSON.stringify(path), remedy }])
}
