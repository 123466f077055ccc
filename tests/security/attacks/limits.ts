import { gzipSync } from 'node:zlib'
import { type Attack, attack, must, mustAnswer, orHungUpOn } from './attack.ts'

/** Too much of everything. */
export const limits: readonly Attack[] = [
  attack('S31', 'a thousand connections that say nothing', async (target) => {
    const closing = await Promise.all(Array.from({ length: 1_000 }, () => target.connectIdle()))
    const ms = await target.stuckMs()
    for (const close of closing) close()
    must(ms < 8_000, `others waited ${Math.round(ms)} ms`)
    return 'others are served; slow heads and bodies are cut in slowloris.test.ts'
  }),
  attack('S32', 'streams of one user, one key, one address, and a forged X-Forwarded-For', async (target) => {
    const authorization = `Bearer ${await target.token('many')}`
    const streams: { close(): void }[] = []
    const open = async (headers: Record<string, string>, path = '/events?topic=broadcast') => {
      const stream = await target.openStream(path, headers)
      streams.push(stream)
      const deadline = performance.now() + 30_000
      while (stream.text() === '' && performance.now() < deadline) await target.stuckMs()
      return stream.text().includes('event: goodbye') ? 'refused' : 'open'
    }
    const ofUser = []
    for (let index = 0; index < 7; index++) ofUser.push(await open({ authorization }))
    must(ofUser.join() === 'open,open,open,open,open,refused,refused', `of one user ${ofUser}`)
    const admin = { authorization: `Bearer ${target.admin}` }
    const ofAddress = []
    for (let index = 0; index < 6; index++) {
      // The last entry is what our proxy saw; the rest is the client's own invention.
      const forwarded = `10.9.8.${index}, 2001:db8:1:2::${index}`
      ofAddress.push(await open({ ...admin, 'x-forwarded-for': forwarded }))
    }
    must(ofAddress.join() === 'open,open,open,open,refused,refused', `of one /64 ${ofAddress}`)
    must(
      (await open({ ...admin, 'x-forwarded-for': '203.0.113.9' })) === 'open',
      'another address was refused',
    )
    const corner = { authorization: `Bearer ${target.corner}` }
    const ofKey = await Promise.all(Array.from({ length: 53 }, () => open(corner, '/events?topic=corner/a')))
    const refused = ofKey.filter((outcome) => outcome === 'refused').length
    must(refused === 3, `of 53 streams of one key ${refused} were refused`)
    for (const stream of streams) stream.close()
    return '200 and goodbye overloaded beyond 5 a user, 4 a /64, 50 a key'
  }),
  attack('S32b', 'a user who publishes without end', async (target) => {
    const shown = await target.token('loud', { tidings: { publish: ['loud/{sub}'] } })
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => target.send('/api/events', { topic: 'loud/loud' }, { shown })),
    )
    const limited = answers.filter(({ status }) => status === 429)
    must(limited.length >= 5, `only ${limited.length} were refused`)
    for (const { headers } of limited) {
      must(
        headers.get('retry-after') === '1' && headers.get('ratelimit-limit') === '5',
        'the limit is not told',
      )
    }
    return `${mustAnswer(answers, 201, 429)} with Retry-After and RateLimit-*`
  }),
  attack('S34', 'a subscription of 10,000 topics, and a huge URL', async (target) => {
    const many = (count: number) =>
      `/events?${Array.from({ length: count }, (_, n) => `topic=t${n}`).join('&')}`
    const answers = [
      await target.ask(many(101), { shown: target.admin }),
      ...(await orHungUpOn(target.ask(many(10_000), { shown: target.admin }))),
    ]
    const header = await orHungUpOn(
      target.ask('/events', { shown: target.admin, headers: [`X: ${'x'.repeat(20_000)}`] }),
    )
    return mustAnswer([...answers, ...header], 400, 414, 431)
  }),
  attack('S35', 'bodies: too long, packed, nested, with a million names', async (target) => {
    const shown = target.admin
    const before = await target.eventsStored()
    const deep = `{"topic":"a","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    const wide = `{"topic":"a",${Array.from({ length: 80_000 }, (_, n) => `"k${n}":0`).join(',')}}`
    const json = ['Content-Type: application/json']
    const answers = [
      ...(await orHungUpOn(
        target.send('/api/events', `{"topic":"a","data":"${'x'.repeat(1_048_576)}"}`, { shown }),
      )),
      await target.send('/api/events', deep, { shown }),
      await target.send('/api/events', wide, { shown }),
      await target.ask('/api/events', {
        method: 'POST',
        shown,
        headers: [...json, 'Content-Encoding: gzip'],
        body: gzipSync('x'.repeat(1e7)),
      }),
      await target.ask('/api/events', {
        method: 'POST',
        shown,
        headers: [...json, 'Content-Encoding: br'],
        body: 'x',
      }),
    ]
    must((await target.stuckMs()) < 5_000, 'the server is stuck')
    must((await target.eventsStored()) === before, 'something was stored')
    return mustAnswer(answers, 400, 413, 415)
  }),
]
