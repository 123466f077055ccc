import { readFileSync } from 'node:fs'
import { problems } from '@tidings/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { operations } from './openapi/operations.ts'
import { startTestApp, type TestApp } from './test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})

afterAll(() => app.close())

const root = new URL('../../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

it('every route is described, and every description is of a route', () => {
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()
  const there = app.app.routes.names
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => `${method} ${url}`)
    .sort()
  expect(described).toEqual(there)
})

it('the description is OpenAPI, and nothing in it leads nowhere', async () => {
  const { status, json, text } = await app.get('/openapi.json')
  expect(status).toBe(200)
  expect(json.openapi).toBe('3.1.0')
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!)
  expect(references.length).toBeGreaterThan(50)
  for (const path of new Set(references)) {
    let target = json
    for (const step of path.split('/')) target = target?.[step]
    expect(target, path).toBeDefined()
  }
})

it('the description closes no form to what another adds to it, which nothing could meet', async () => {
  const { json, text } = await app.get('/openapi.json')
  const { items } = json.components.schemas.NotificationList.properties.notifications
  expect(Object.keys(items.properties)).toEqual(['id', 'time', 'type', 'title', 'message', 'link'])
  expect(items.additionalProperties).toBeUndefined()
  expect(text).not.toContain('"allOf"')
})

it('the description names every code that can be answered over HTTP', async () => {
  const { text } = await app.get('/openapi.json')
  // These two come before there is a route to describe, or are answered on every one.
  const general = [
    'not_found',
    'method_not_allowed',
    'uri_too_long',
    'request_timeout',
    'unauthorized',
    'overloaded',
  ]
  for (const code of Object.keys(problems)) {
    if (!general.includes(code)) expect(text, code).toContain(`\`${code}\``)
  }
})

it('the description says of every route whether it asks for a credential, and the route does as it says', async () => {
  const production = await startTestApp({ dev: 'off' })
  const { json } = await production.get('/openapi.json')
  expect(Object.keys(json.components.securitySchemes)).toEqual(['bearer', 'session', 'ticket'])
  for (const { method, path, needs, body = {} } of operations) {
    const { security, description } = json.paths[path.replaceAll(/:(\w+)/g, '{$1}')][method]
    expect(description, path).toMatch(needs === 'nothing' ? /Everybody may\.$/ : /Needs \w.+\.$/)
    const [shape] = Object.values(body)
    const example = json.components.schemas[String(shape)]?.examples?.[0] ?? {}
    const response = await fetch(production.url + path.replaceAll(/:\w+/g, 'a'), {
      method: method.toUpperCase(),
      ...(method === 'get' || method === 'delete'
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(example) }),
    })
    await response.body?.cancel()
    const asks = security.length > 0
    expect([path, method, response.status === 401]).toEqual([path, method, asks])
  }
  await production.close()
})

it('the description says of every stream that it has no end, and how to listen all the same', async () => {
  const { json } = await app.get('/openapi.json')
  const endless = operations.filter(({ answers }) => answers[200] === 'stream')
  expect(endless.length).toBeGreaterThan(3)
  for (const { method, path } of endless) {
    expect(json.paths[path.replaceAll(/:(\w+)/g, '{$1}')][method].description, path).toMatch(
      /no end.*`curl -N`/,
    )
  }
})

it('the reader page needs nothing from elsewhere, and runs nothing that is not its own', async () => {
  const page = await app.get('/docs')
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/)
  const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!)
  expect(assets.length).toBeGreaterThan(3)
  for (const asset of assets) {
    expect(asset).toMatch(/^(?:\/docs|\.)\//)
    const response = await fetch(new URL(asset, `${app.url}/docs`))
    expect(response.status, asset).toBe(200)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    await response.body?.cancel()
  }
  expect((await app.get('/docs/json')).json).toEqual((await app.get('/openapi.json')).json)
})

it.each(['%2e%2e/package.json', '%2e%2e/%2e%2e/package.json', '%00', 'nothing.js'])(
  'beside the reader page there is nothing, which a problem document says: /docs/static/%s',
  async (path) => {
    const answer = await app.raw(
      `GET /docs/static/${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    const [head, body] = answer.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 404 /)
    expect(head).toMatch(/^content-type: application\/problem\+json; charset=utf-8$/m)
    expect(JSON.parse(body!)).toMatchObject({ code: 'not_found', status: 404 })
  },
)

it('docs/http-api.md has a line for every route', () => {
  const page = read('docs/http-api.md')
  for (const { method, path } of operations) {
    expect(page, path).toContain(`\`${method.toUpperCase()} ${path}`)
  }
})

it('PROTOCOL.md documents every problem code with its status', () => {
  const rows = read('PROTOCOL.md').split('\n')
  for (const [code, { status }] of Object.entries(problems)) {
    const row = rows.find((row) => row.includes(`\`${code}\``) && row.includes(String(status)))
    expect(row, code).toBeDefined()
  }
})
