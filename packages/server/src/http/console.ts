import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const folder = new URL('../../console/', import.meta.url)

/** Nothing but what the page brings itself may run, and untrusted text can never become markup. */
const pageHeaders = Object.freeze({
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'; require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
})

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** A name that is a file here or nowhere: one or two plain segments, which cannot leave the folder. */
const plainName = /^(?:assets\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** The build puts a hash of the content into the names of assets, so that a name never changes its content. */
const hashedName = /^assets\/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/

const missingPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tidings</title>
<h1>Tidings is running</h1>
<p>The demo page is not built yet. In the repository, run <code>npm run build</code> and reload.</p>
<p>The API is described at <a href="/docs">/docs</a>.</p></html>
`

/** The page that a newcomer opens first. */
export function addConsole(app: FastifyInstance): void {
  app.get('/*', async (request: FastifyRequest<{ Params: { '*': string } }>, reply) => {
    const name = request.params['*'] === '' ? 'index.html' : request.params['*']
    const file = await open(name)
    if (file !== undefined) return serve(request, reply, name, file)
    if (name !== 'index.html') return reply.callNotFound()
    return reply.headers(pageHeaders).type(mediaTypes['.html']!).send(missingPage)
  })
}

interface OpenFile {
  readonly bytes: Buffer
  readonly etag: string
}

async function open(name: string): Promise<OpenFile | undefined> {
  if (!plainName.test(name) || mediaTypes[extname(name)] === undefined) return undefined
  const file = new URL(name, folder)
  try {
    const { size, mtimeMs } = await stat(file)
    const etag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`
    return { bytes: await readFile(file), etag }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
    throw error
  }
}

function serve(request: FastifyRequest, reply: FastifyReply, name: string, { bytes, etag }: OpenFile) {
  const caching = hashedName.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache'
  reply.headers(pageHeaders).header('cache-control', caching).header('etag', etag)
  if (hasAlready(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type(mediaTypes[extname(name)]!).send(bytes)
}

/** A proxy that compresses makes a tag weak, and caches name all that they have: the comparison is the weak one. */
function hasAlready(held: string | undefined, etag: string): boolean {
  return held?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) === true
}
