import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isChromiumMissing, launchChromium } from '../support/chromium.ts'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { buildTab, Tabs } from './tabs.ts'

const minute = 60_000
const count = 300
const all = Array.from({ length: count }, (_, index) => index)

describe.skipIf(isChromiumMissing)('tabs of one browser that share a stream', () => {
  let browser: Browser
  let scripts: ReadonlyMap<string, string>

  beforeAll(async () => {
    scripts = await buildTab()
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  test(
    'the one that holds the connection is closed while events arrive: nothing is lost or doubled',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 10 })
      await tabs.areOneConnection()
      const leader = await tabs.leader()
      await tabs.publish(count, async (index) => {
        if (index === 100) await leader.close()
      })
      await tabs.allHave(all)
      await tabs.haveRoles(['leader', ...Array(8).fill('follower')])
      await tabs.areOneConnection()
    },
    4 * minute,
  )

  test(
    'its renderer is killed while events arrive: nothing is lost or doubled',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 10 })
      const leader = await tabs.leader()
      await tabs.publish(count, async (index) => {
        if (index === 100) await leader.crash()
      })
      await tabs.allHave(all)
      await tabs.haveRoles(['leader', ...Array(8).fill('follower')])
      await tabs.areOneConnection()
    },
    4 * minute,
  )

  test(
    'it is frozen, robbed and woken: nothing is lost or doubled, there neither',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 10 })
      const leader = await tabs.leader()
      await tabs.publish(100)
      await tabs.allHave(all.slice(0, 100))
      await leader.freeze()
      await tabs.publish(100)
      const others = tabs.without(leader)
      await others.allHave(all.slice(0, 200))
      await others.haveRoles(['leader', ...Array(8).fill('follower')])
      await leader.wake()
      await tabs.publish(100)
      await tabs.allHave(all)
      await tabs.areLive()
      await tabs.haveRoles(['leader', ...Array(9).fill('follower')])
      await tabs.areOneConnection()
    },
    4 * minute,
  )

  test(
    'whoever looks at one of them waits no longer for the server than alone, though another holds the connection',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 2 })
      const leader = await tabs.leader()
      const [follower] = await tabs.followers()
      // From now on pauses are of an hour.
      await leader.page.evaluate(() => {
        Math.random = () => 3_600
      })
      await server.kill()
      await expect.poll(async () => (await follower!.status()).state).toBe('waiting')
      await server.start()
      await follower!.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
      await tabs.areLive()
      expect(await leader.role()).toBe('leader')
    },
    4 * minute,
  )

  test(
    'a page that is left and kept as it was holds nobody up, and has all that it missed when one comes back',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 3 })
      const leader = await tabs.leader()
      const others = tabs.without(leader)
      // It goes on running here, and so would go on leading.
      await leader.page.evaluate(() =>
        dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })),
      )
      await others.haveRoles(['leader', 'follower'])
      await others.areLive()
      await tabs.publish(20)
      await others.allHave(all.slice(0, 20))
      expect(await leader.got()).toEqual([])
      await leader.page.evaluate(() =>
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
      )
      await tabs.allHave(all.slice(0, 20))
      await tabs.areLive()
      await tabs.haveRoles(['leader', 'follower', 'follower'])
      await tabs.areOneConnection()
    },
    4 * minute,
  )

  test(
    'a page that is left and kept as it was holds no connection, alone too: browsers allow a server but six',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 1, options: { shared: false } })
      const { page } = await tabs.add()
      await tabs.areLive()
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
      await tabs.areOneConnection()
      await tabs.publish(20)
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
      await tabs.allHave(all.slice(0, 20))
      await tabs.areLive()
      expect(await tabs.openStreams()).toBe(2)
    },
    4 * minute,
  )

  test(
    'the server is killed and started again while events arrive',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 10 })
      await tabs.publish(count, async (index) => {
        if (index !== 100) return
        await server.kill('SIGKILL')
        await server.start()
      })
      await tabs.allHave(all)
      await tabs.areOneConnection()
    },
    4 * minute,
  )

  test(
    'one is loaded again, and goes on from where it was',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({
        browser,
        server,
        scripts,
        count: 3,
        options: { store: 'session' },
      })
      for (const [turn, tab] of [await tabs.leader(), ...(await tabs.followers()).slice(0, 1)].entries()) {
        const before = turn * 20
        await tabs.publish(10)
        await until('what came before', async () => (await tab.got()).includes(before + 9))
        await tab.leave()
        await tabs.publish(10)
        await tab.comeBack()
        await until('what it missed', async () => (await tab.got()).includes(before + 19))
        // What it had handled before it left is not repeated, but for what its store had not heard of: nothing is.
        expect(await tab.got()).toEqual(all.slice(before + 10, before + 20))
        await tabs.areLive()
      }
      await tabs.areOneConnection()
    },
    4 * minute,
  )

  test(
    'the connection has the topics of all, and those of a closed one no more',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 0 })
      const [a, b] = [await tabs.add({ topics: ['a'] }), await tabs.add({ topics: ['b'] })]
      await b.want('c')
      expect(await tabs.topicsAtServer('a', 'b', 'c')).toEqual(['a', 'b', 'c'])
      await tabs.publish(1, undefined, 'a')
      await tabs.publish(1, undefined, 'b')
      await tabs.publish(1, undefined, 'c')
      await until('the events', async () => (await a.got()).length === 1 && (await b.got()).length === 2)
      expect([await a.got(), await b.got()]).toEqual([[0], [1, 2]])
      await b.close()
      await until('its topics to go', async () => `${await tabs.topicsAtServer('a', 'b', 'c')}` === 'a')
      await a.close()
      await until('no connection', async () => (await tabs.openStreams()) === 0)
    },
    4 * minute,
  )

  test.each([
    { where: 'there are no locks', lacking: { withoutLocks: true } },
    { where: 'the code for sharing cannot be loaded', lacking: { withoutTabs: true } },
  ])(
    'where $where, each has a connection of its own',
    async ({ lacking }) => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 3, ...lacking })
      expect(await tabs.openStreams()).toBe(3)
      await tabs.haveRoles(['alone', 'alone', 'alone'])
      await tabs.publish(10)
      await tabs.allHave(all.slice(0, 10))
    },
    4 * minute,
  )

  test(
    'those of two users have two connections',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 2 })
      await tabs.add({ shared: 'bob' })
      await tabs.add({ shared: 'bob' })
      await tabs.areLive()
      expect(await tabs.openStreams()).toBe(2)
      await tabs.haveRoles(['leader', 'leader', 'follower', 'follower'])
      await tabs.publish(10)
      await tabs.allHave(all.slice(0, 10))
    },
    4 * minute,
  )

  test(
    'the device loses its network and finds it again',
    async () => {
      await using server = await ServerProcess.start()
      await using tabs = await Tabs.open({ browser, server, scripts, count: 4 })
      await tabs.publish(10)
      await tabs.allHave(all.slice(0, 10))
      await tabs.setOffline(true)
      await until('all to notice', async () => (await tabs.states()).every((state) => state === 'offline'))
      await tabs.publish(10)
      await tabs.setOffline(false)
      await tabs.allHave(all.slice(0, 20))
      await tabs.areLive()
      await tabs.areOneConnection()
    },
    4 * minute,
  )
})
