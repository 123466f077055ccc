import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeCertificate, writeCertificate } from '../support/certificate.ts'
import { requireProgram } from '../support/programs.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { ServerProcess } from '../support/server-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { until } from '../support/until.ts'
import { tidings } from './cli-process.ts'

const nginx = requireProgram('nginx')

interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly check: string
  readonly text: string
}

async function examine(args: readonly string[], env: NodeJS.ProcessEnv = {}, folder?: string) {
  const options = folder === undefined ? { env } : { env, folder }
  const { code, stdout, stderr } = await tidings(['doctor', '--json', ...args], options)
  const findings = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding)
  const of = (check: string) => findings.filter((finding) => finding.check === check)
  return { code, stderr, findings, of }
}

/** The same of something that is quick enough: on a busy machine a stream may come so late that the doctor blames a proxy. */
function examineUndelayed(...given: Parameters<typeof examine>): ReturnType<typeof examine> {
  return until('a look at a stream that comes at once', async () => {
    const seen = await examine(...given)
    return !seen.of('stream')[0]?.text.includes('the first block arrives after') && seen
  })
}

describe('tidings doctor, of a server', () => {
  it('finds nothing to mend in one as it comes, but that it is in dev mode', async () => {
    await using server = await ServerProcess.start()
    const { code, findings } = await examineUndelayed(['--only', 'server', '--url', server.url])
    expect(findings.filter(({ level }) => level !== 'ok').map(({ check }) => check)).toEqual(['mode'])
    expect(findings.map(({ check }) => check)).toEqual([
      'reached',
      'mode',
      'clock',
      'stream',
      'head',
      'resume',
      'anonymous',
      'metrics',
      'names',
    ])
    expect(code).toBe(0)
  })

  it('looks at one in production with the key of the environment, and says what it could not see without', async () => {
    await using server = await ServerProcess.start({
      settings: { dev: 'off', allowedHosts: ['push.example'] },
    })
    const url = ['--only', 'server', '--url', server.url]
    expect((await examine(url)).of('stream')[0]).toMatchObject({
      level: 'warn',
      text: expect.stringContaining('TIDINGS_KEY'),
    })
    const token = (await tidings(['token', '--user', 'alice', '--data', server.data])).stdout.trim()
    const { code, findings } = await examineUndelayed(url, { TIDINGS_KEY: token })
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([])
    expect(code).toBe(0)
  })

  it('looks through TLS, at the certificate and for HTTP/2', async () => {
    await using folder = await tempFolder()
    const validTo = new Date(Date.now() + 10.5 * 86_400_000)
    const files = await writeCertificate(folder.path, makeCertificate({ validTo }))
    await using server = await ServerProcess.start({ settings: { ...files } })
    const env = { NODE_EXTRA_CA_CERTS: files.tlsCert }
    const { code, of, stderr } = await examineUndelayed(['--only', 'server', '--url', server.url], env)
    expect(of('TLS')[0]).toMatchObject({ level: 'warn', text: expect.stringContaining('10 days left') })
    expect(of('HTTP/2')[0]).toMatchObject({ level: 'ok' })
    expect(of('resume')[0]).toMatchObject({ level: 'ok' })
    expect([code, stderr]).toEqual([0, ''])
  })

  it('watches a quiet stream until its heartbeat, if it is told to', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 4_000 } })
    const url = ['--only', 'server', '--url', server.url]
    expect((await examine([...url, '--wait', '30s'])).of('heartbeat')[0]).toMatchObject({ level: 'ok' })
    expect((await examine([...url, '--wait', '500ms'])).of('heartbeat')[0]).toMatchObject({ level: 'warn' })
    expect((await examine(url)).of('heartbeat')).toEqual([])
  })

  it('says that nobody answers', async () => {
    const { code, of } = await examine(['--only', 'server', '--url', 'http://127.0.0.1:1'])
    expect(of('reached')[0]).toMatchObject({
      level: 'fail',
      text: expect.stringContaining('is the server running there?'),
    })
    expect(code).toBe(1)
  })
})

describe.skipIf(nginx === undefined)('tidings doctor, of an nginx in front', () => {
  it('finds nothing wrong with one with its defaults, but that it hides the name in front of dev mode', async () => {
    await using server = await ServerProcess.start()
    await using proxy = await ProxyProcess.nginx(nginx!, server.port)
    const url = `http://127.0.0.1:${proxy.port}`
    const { findings } = await examineUndelayed(['--only', 'server', '--url', url])
    expect(findings.filter(({ level }) => level === 'fail').map(({ check }) => check)).toEqual(['names'])
  })

  it('notices one that buffers, and one that swallows the last id', async () => {
    await using server = await ServerProcess.start()
    const buffering = 'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;'
    await using proxy = await ProxyProcess.nginx(nginx!, server.port, buffering)
    const buffered = await examine(['--only', 'server', '--url', `http://127.0.0.1:${proxy.port}`])
    expect(buffered.of('stream')[0]).toMatchObject({
      level: 'fail',
      text: expect.stringContaining('proxy_buffering off'),
    })
    expect(buffered.code).toBe(1)
    await using swallowing = await ProxyProcess.nginx(
      nginx!,
      server.port,
      'proxy_set_header Last-Event-ID "";',
    )
    const swallowed = await examine(['--only', 'server', '--url', `http://127.0.0.1:${swallowing.port}`])
    expect(swallowed.of('resume')[0]).toMatchObject({
      level: 'fail',
      text: expect.stringContaining('would miss events'),
    })
  })
})

describe.skipIf(nginx === undefined)('tidings doctor, of a careless nginx in front', () => {
  it('notices one that is too impatient for a heartbeat', async () => {
    await using server = await ServerProcess.start({ settings: { heartbeatMs: 10_000 } })
    await using proxy = await ProxyProcess.nginx(nginx!, server.port, 'proxy_read_timeout 1s;')
    const url = `http://127.0.0.1:${proxy.port}`
    const { code, of } = await examine(['--only', 'server', '--wait', '12s', '--url', url])
    expect(of('heartbeat')[0]).toMatchObject({
      level: 'fail',
      text: expect.stringContaining('proxy_read_timeout'),
    })
    expect(code).toBe(1)
  })

  it('notices one that shows a credential for everybody', async () => {
    await using server = await ServerProcess.start({ settings: { dev: 'off' } })
    const token = (await tidings(['token', '--user', 'alice', '--data', server.data])).stdout.trim()
    const directive = `proxy_set_header Authorization "Bearer ${token}";`
    await using proxy = await ProxyProcess.nginx(nginx!, server.port, directive)
    const { of } = await examine(['--only', 'server', '--url', `http://127.0.0.1:${proxy.port}`])
    expect(of('anonymous')[0]).toMatchObject({ level: 'fail' })
  })
})

describe('tidings doctor, of a configuration', () => {
  it('names every mistake at once, each with its remedy, and repeats no secret', async () => {
    const weak = 'weak-9-secret'
    const env = {
      TIDINGS_JWT_ISSUER: 'https://id.example',
      TIDINGS_JWT_AUDIENCE: 'a',
      TIDINGS_JWT_SECRET: weak,
      TIDINGS_TLS_CERT: '/nowhere/cert.pem',
      TIDINGS_TLS_KEY: '/nowhere/key.pem',
    }
    const { code, of, findings } = await examine(['--only', 'configuration'], env)
    expect(of('settings')[0]).toMatchObject({ level: 'fail', text: expect.stringContaining('openssl rand') })
    expect(of('settings').map(({ text }) => text.split(' ')[0])).toEqual(['jwtSecret', 'tlsCert'])
    expect(JSON.stringify(findings)).not.toContain(weak)
    expect(code).toBe(1)
  })

  it('sees a file of keys that others can read, and a server that more streams may reach than it has descriptors', async () => {
    await using folder = await tempFolder()
    await tidings(['keys', 'create', '--name', 'a', '--publish', 'a', '--data', folder.path])
    const where = ['--only', 'configuration', '--data', folder.path]
    expect((await examine(where)).of('files')[0]).toMatchObject({ level: 'ok' })
    await chmod(join(folder.path, 'auth.db'), 0o644)
    const { code, of } = await examine(where, { TIDINGS_MAX_CONNECTIONS: '900000' })
    expect(of('files')[0]).toMatchObject({ level: 'fail', text: expect.stringContaining('chmod 600') })
    expect(of('descriptors')[0]).toMatchObject({ level: 'warn' })
    expect(code).toBe(1)
  })
})
