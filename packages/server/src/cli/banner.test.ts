import { describe, expect, it } from 'vitest'
import { resolveSettings } from '../config/settings.ts'
import { bannerOf } from './banner.ts'

const about = { url: 'http://127.0.0.1:3000', mode: 'dev', durability: 'os-buffer' } as const

describe('what a terminal shows of a server', () => {
  it.each([
    ['', 'sqlite:./.tidings/tidings.db (os-buffer)'],
    ['memory:', 'memory, lost when the server stops'],
    ['redis://tidings:hunter2@redis.example/2', 'redis://redis.example/2 (os-buffer)'],
  ])('with the store %j', (store, shown) => {
    const banner = bannerOf(about, resolveSettings({ store }))
    expect(banner).toContain(shown)
    expect(banner).not.toContain('hunter2')
  })

  it('names its workers, if there are several', () => {
    const settings = resolveSettings({})
    expect(bannerOf({ ...about, workers: 4 }, settings)).toMatch(/workers +4/)
    expect(bannerOf(about, settings)).not.toContain('workers')
  })
})
