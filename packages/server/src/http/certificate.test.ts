import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { makeCertificate, writeCertificate } from '../../../../tests/support/certificate.ts'
import { createLogger } from '../observe/logger.ts'
import { readCertificate, timeTrouble } from './certificate.ts'
import { LiveCertificate } from './live-certificate.ts'
import { openWaitingRoom } from './waiting-room.ts'

const day = 24 * 60 * 60 * 1_000

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-certificate-'))
})

afterEach(() => rm(folder, { recursive: true }))

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

function lockedKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const
  return privateKey.export(locked) as string
}

describe('a certificate', () => {
  it('is read with its key, and knows its time', async () => {
    const validTo = new Date('2031-02-03T04:05:06Z')
    const files = await writeCertificate(folder, makeCertificate({ validTo }))
    const certificate = await readCertificate(files)
    expect(certificate.validTo).toEqual(validTo)
    expect(timeTrouble(certificate)).toBeUndefined()
    expect(timeTrouble(certificate, validTo.getTime() - 6 * day)).toContain('expires soon')
    expect(timeTrouble(certificate, validTo.getTime())).toContain('has expired')
    expect(timeTrouble(certificate, certificate.validFrom.getTime() - 1)).toContain('not valid yet')
  })

  const { cert, key } = makeCertificate()
  const damaged = cert.replace(/[\w+/]{40}\n/, (line) => `${'A'.repeat(line.length - 1)}\n`)

  test.each([
    ['there is no certificate file', undefined, key, /^tlsCert .*does not exist/],
    ['there is no key file', cert, undefined, /^tlsKey .*does not exist/],
    ['the certificate is none', 'hello', key, /^tlsCert .*holds no certificate/],
    ['the certificate is the key', key, key, /^tlsCert .*holds no certificate/],
    ['the certificate is empty', '', key, /^tlsCert .*holds no certificate/],
    ['the key is the certificate', cert, cert, /^tlsKey .*holds no private key/],
    ['the key is locked', cert, lockedKey(), /^tlsKey .*passphrase/],
    ['the key is that of another', cert, makeCertificate().key, /^tlsKey .*is not the key of the first/],
    ['the rest of the chain is damaged', cert + damaged, key, /^tlsCert .*check the whole chain/],
    [
      'the order of the chain is wrong',
      makeCertificate().cert + cert,
      key,
      /^tlsKey .*own certificate first/,
    ],
  ])('is refused if %s', async (_, certText, keyText, message) => {
    const tlsCert = certText === undefined ? join(folder, 'none') : await file('cert.pem', certText)
    const tlsKey = keyText === undefined ? join(folder, 'none') : await file('key.pem', keyText)
    const refusal = await readCertificate({ tlsCert, tlsKey }).catch((error: Error) => error)
    expect(refusal).toMatchObject({ name: 'ConfigError', message: expect.stringMatching(message) })
    // Whatever is wrong with a key, nobody reads it in a log.
    expect(String(refusal)).not.toContain(key.split('\n')[1])
  })

  it('is refused with the words of the system if the file cannot be read for another reason', async () => {
    const { tlsCert, tlsKey } = await writeCertificate(folder, makeCertificate())
    await expect(readCertificate({ tlsCert, tlsKey: join(tlsKey, 'x') })).rejects.toThrow(
      /^tlsKey .*cannot be read: ENOTDIR/,
    )
  })

  it('is refused if it is a folder', async () => {
    await expect(readCertificate({ tlsCert: folder, tlsKey: folder })).rejects.toThrow('is a folder')
  })
})

describe('a certificate that is renewed', () => {
  const minute = 60_000
  const logged: string[] = []

  beforeEach(() => {
    logged.length = 0
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  })

  afterEach(() => void vi.useRealTimers())

  async function open() {
    const { Writable } = await import('node:stream')
    const destination = new Writable({
      write(line, _encoding, done) {
        logged.push(String(line))
        done()
      },
    })
    const logger = await createLogger({ level: 'info', format: 'json', destination })
    const files = await writeCertificate(folder, makeCertificate())
    const live = await LiveCertificate.open(files, logger)
    const used: Buffer[] = []
    live.onRenewed(({ cert }) => used.push(cert))
    return { live, used, logger }
  }

  /** Asks the disk so often that whatever was asked before has been answered: a look does not see half of what follows. */
  async function lookIsOver(): Promise<void> {
    await Promise.all(Array.from({ length: 16 }, () => stat(folder)))
  }

  it('is taken up within a minute after its files changed, and otherwise left alone', async () => {
    const { live, used } = await open()
    const renewed = makeCertificate()
    vi.advanceTimersByTime(minute)
    await lookIsOver()
    await writeCertificate(folder, renewed)
    vi.advanceTimersByTime(minute)
    await vi.waitFor(() => expect(used.map(String)).toEqual([renewed.cert]))
    vi.advanceTimersByTime(minute)
    await live.renew()
    expect(used).toHaveLength(2)
    live.close()
  })

  it('is not taken up while it is no good, which is said once, and then it is', async () => {
    const { live, used } = await open()
    const before = live.current
    const renewed = makeCertificate()
    // As when the server looks between the two writes of a renewal.
    await writeFile(join(folder, 'cert.pem'), renewed.cert)
    const errors = () => logged.filter((line) => line.includes('the old one stays in use'))
    vi.advanceTimersByTime(minute)
    await vi.waitFor(() => expect(errors()).toHaveLength(1))
    expect(live.current).toBe(before)
    vi.advanceTimersByTime(minute)
    await lookIsOver()
    await writeFile(join(folder, 'key.pem'), renewed.key)
    vi.advanceTimersByTime(minute)
    await vi.waitFor(() => expect(used.map(String)).toEqual([renewed.cert]))
    expect(errors()).toHaveLength(1)
    live.close()
  })

  it('is taken up by a server that was waiting for its store when it started', async () => {
    const { live, logger } = await open()
    const listen = { port: 0, host: '127.0.0.1' }
    const room = await openWaitingRoom({ listen, retryMs: 1_000, logger, certificate: live })
    await room.close()
    const used: Buffer[] = []
    live.onRenewed(({ cert }) => used.push(cert))
    const renewed = makeCertificate()
    await writeCertificate(folder, renewed)
    vi.advanceTimersByTime(minute)
    await vi.waitFor(() => expect(used.map(String)).toEqual([renewed.cert]), { timeout: 10_000 })
    live.close()
  })

  it('is warned of if its time is over', async () => {
    const { live } = await open()
    await writeCertificate(folder, makeCertificate({ validTo: new Date(Date.now() - day) }))
    await live.renew()
    expect(logged.join('')).toContain('has expired')
    live.close()
  })
})
