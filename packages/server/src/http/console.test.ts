import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from './test-app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})

afterAll(() => app.close())

it('the first page is there, built or not, and may run nothing but its own scripts', async () => {
  const page = await app.get('/')
  expect(page.status).toBe(200)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "base-uri 'none'; frame-ancestors 'none'; form-action 'none'; require-trusted-types-for 'script'",
  )
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  const hasInline = /<script(?![^>]*src=)|<style|\son\w+=|style=/i.test(page.text)
  expect(hasInline).toBe(false)
})

it('assets that are named by their content are kept for ever, and the page is asked for anew', async () => {
  const page = await app.get('/')
  const assets = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
  for (const asset of assets) {
    const { status, headers } = await app.get(asset)
    expect(status, asset).toBe(200)
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const again = await app.get(asset, { 'if-none-match': headers.get('etag')! })
    expect([again.status, again.text]).toEqual([304, ''])
    const compressed = await app.get(asset, { 'if-none-match': `"older", W/${headers.get('etag')}` })
    expect([compressed.status, compressed.text]).toEqual([304, ''])
    expect((await app.get(asset, { 'if-none-match': 'W/"older"' })).status).toBe(200)
  }
  if (assets.length > 0) expect(page.headers.get('cache-control')).toBe('no-cache')
})

it.each([
  '/../package.json',
  '/..%2fpackage.json',
  '/%2e%2e/package.json',
  '/%2e%2e%2fpackage.json',
  '/assets/../../package.json',
  '/assets/..%2f..%2fpackage.json',
  '/..\\package.json',
  '/..%5cpackage.json',
  '/%00',
  '/index.html%00.js',
  '/assets/',
  '/assets',
  '/.env.json',
  '//etc/hosts.json',
  '/CON.json',
])('nothing outside of its folder is served as %s', async (path) => {
  const answer = await app.raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
  expect(answer).not.toContain('"dependencies"')
})
