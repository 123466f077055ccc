import { makeCertificate, writeCertificate } from '../../../tests/support/certificate.ts'
import type { Contender, StartOptions } from './contender.ts'
import { makeScratchFolder } from './scratch-folder.ts'
import type { ServerProcess } from './server-process.ts'
import { startTidings, tidings } from './tidings.ts'

const secure: Contender = { ...tidings, name: 'tidings-tls', label: 'Tidings, TLS', wire: 'tls', start }

/** Tidings with a certificate: each client its own connection, or its own session, or twenty in a session. */
export const secureTidings: readonly Contender[] = [
  secure,
  { ...secure, name: 'tidings-http2', label: 'Tidings, HTTP/2', wire: 'http2', streamsPerSession: 1 },
  {
    ...secure,
    name: 'tidings-http2-20',
    label: 'Tidings, HTTP/2, 20 streams a session',
    wire: 'http2',
    streamsPerSession: 20,
  },
]

async function start(options: StartOptions): Promise<ServerProcess> {
  // Beside the server's own data, which some cases measure; it is removed with all scratch folders.
  const { tlsCert, tlsKey } = await writeCertificate(makeScratchFolder(), makeCertificate())
  return startTidings(options, undefined, ['--tls-cert', tlsCert, '--tls-key', tlsKey])
}
