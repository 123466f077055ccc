import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What is special about a certificate. */
export interface CertificateOptions {
  readonly validFrom?: Date
  readonly validTo?: Date
  /** Its name, to tell one from another. */
  readonly name?: string
}

/** A certificate and its key, PEM. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** The files of a pair, as the settings name them. */
export interface CertificateSettings {
  readonly tlsCert: string
  readonly tlsKey: string
}

const day = 24 * 60 * 60 * 1_000

/**
 * Makes a certificate for 127.0.0.1 and localhost, signed with its own key. Node reads certificates and does not
 * make them, and what OpenSSL's command line can make depends on its version: hence the few lines of DER below.
 */
export function makeCertificate(options: CertificateOptions = {}): CertificatePair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return {
    cert: certificateOf(privateKey, options),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

/** Writes a pair into a folder, over an older one if there is one. */
export async function writeCertificate(folder: string, pair: CertificatePair): Promise<CertificateSettings> {
  const files = { tlsCert: join(folder, 'cert.pem'), tlsKey: join(folder, 'key.pem') }
  await Promise.all([writeFile(files.tlsCert, pair.cert), writeFile(files.tlsKey, pair.key, { mode: 0o600 })])
  return files
}

function certificateOf(key: KeyObject, options: CertificateOptions): string {
  const {
    validFrom = new Date(Date.now() - day),
    validTo = new Date(Date.now() + 30 * day),
    name = 'tidings',
  } = options
  const issuer = sequence(set(sequence(oid(commonName), der(0x0c, Buffer.from(name)))))
  const body = sequence(
    der(0xa0, integer(2)),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    issuer,
    sequence(time(validFrom), time(validTo)),
    issuer,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternativeNames())),
  )
  const signature = bitString(sign('sha256', body, key))
  const bytes = sequence(body, ecdsaWithSha256, signature).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${bytes.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`
}

const commonName = [0x55, 0x04, 0x03]
const subjectAltName = [0x55, 0x1d, 0x11]
const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))

function alternativeNames(): Buffer {
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.of(127, 0, 0, 1)))
  return sequence(oid(subjectAltName), der(0x04, names))
}

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const { length } = body
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), body])
}

function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, ...content)
}

function set(...content: readonly Buffer[]): Buffer {
  return der(0x31, ...content)
}

function oid(bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes))
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.of(value))
}

function bitString(bytes: Buffer): Buffer {
  return der(0x03, Buffer.of(0), bytes)
}

/** UTCTime: what certificates use until 2049. */
function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))
}
