import { stat } from 'node:fs/promises'
import type { Logger } from '../observe/logger.ts'
import { type Certificate, type CertificateFiles, readCertificate, timeTrouble } from './certificate.ts'

/** How often the files are looked at: a renewed certificate has days until the old one ends. */
const lookEveryMs = 60_000

/** A certificate that is renewed while the server runs. A new pair that is no good leaves the old one in use. */
export class LiveCertificate {
  readonly #files: CertificateFiles
  readonly #logger: Logger
  readonly #timer: NodeJS.Timeout
  /** How the files looked before they were read last. */
  #seen: string
  #current: Certificate
  #use: ((certificate: Certificate) => void) | undefined

  /**
   * Reads the files, and from then on looks at them once a minute.
   * @throws ConfigError if they are no good.
   */
  static async open(files: CertificateFiles, logger: Logger): Promise<LiveCertificate> {
    const seen = await appearance(files)
    const certificate = await readCertificate(files)
    warnOfTime(certificate, logger)
    return new LiveCertificate(files, logger, seen, certificate)
  }

  private constructor(files: CertificateFiles, logger: Logger, seen: string, certificate: Certificate) {
    this.#files = files
    this.#logger = logger
    this.#seen = seen
    this.#current = certificate
    this.#timer = setInterval(() => void this.#look(), lookEveryMs).unref()
  }

  get current(): Certificate {
    return this.#current
  }

  /** Gives every later certificate to whoever serves it. */
  onRenewed(use: (certificate: Certificate) => void): void {
    this.#use = use
  }

  /** Reads the files now, changed or not. */
  async renew(): Promise<void> {
    // Before they are read: a change in the midst of it is then seen at the next look.
    this.#seen = await appearance(this.#files)
    try {
      const certificate = await readCertificate(this.#files)
      this.#use?.(certificate)
      this.#current = certificate
    } catch (err) {
      this.#logger.error({ err }, 'the new TLS certificate is no good; the old one stays in use')
      return
    }
    this.#logger.info({ validTo: this.#current.validTo }, 'the TLS certificate was read again')
    warnOfTime(this.#current, this.#logger)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if ((await appearance(this.#files)) !== this.#seen) await this.renew()
  }
}

/** What of files changes when they do. Links are followed: often only what they point to is replaced. */
async function appearance({ tlsCert, tlsKey }: CertificateFiles): Promise<string> {
  const looks = await Promise.all(
    [tlsCert, tlsKey].map(async (path) => {
      const { ino, size, mtimeMs } = await stat(path)
      return `${ino}/${size}/${mtimeMs}`
    }),
  ).catch((error: NodeJS.ErrnoException) => [String(error.code)])
  return looks.join()
}

function warnOfTime(certificate: Certificate, logger: Logger): void {
  const trouble = timeTrouble(certificate)
  if (trouble !== undefined) logger.warn({ validTo: certificate.validTo }, trouble)
}
