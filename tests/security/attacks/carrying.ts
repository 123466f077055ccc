import { type Attack, attack, must, mustAnswer } from './attack.ts'
import { friend, type Target } from './target.ts'

const evil = 'https://evil.example'
const sameOrigin = 'Sec-Fetch-Site: same-origin'

async function sessionOf(target: Target, user: string): Promise<string> {
  const answer = await target.ask('/api/session', { method: 'POST', shown: await target.token(user) })
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]!
  target.secrets.add(cookie.split('.')[2]!)
  return cookie
}

async function ticketOf(target: Target, user: string): Promise<string> {
  const { body } = await target.ask('/api/tickets', { method: 'POST', shown: await target.token(user) })
  const { ticket } = JSON.parse(body) as { ticket: string }
  target.secrets.add(ticket)
  return ticket
}

/** How credentials travel, and who makes a browser send them. */
export const carrying: readonly Attack[] = [
  attack('S21', 'tokens in the query; a cookie and a header that disagree', async (target) => {
    const token = await target.token('alice')
    const names = ['token', 'access_token', 'authorization', 'api_key', 'jwt']
    const answers = await Promise.all(names.map((name) => target.ask(`/events?${name}=${token}`)))
    for (const { body } of answers) must(!body.includes(token), 'the token came back')
    const both = await target.ask('/events', {
      shown: token,
      headers: [`Cookie: ${await sessionOf(target, 'bob')}`, sameOrigin],
    })
    return mustAnswer([...answers, both], 400)
  }),
  attack('S22', 'a ticket: twice at once, again, guessed, elsewhere', async (target) => {
    const ticket = await ticketOf(target, 'alice')
    const race = await Promise.all(
      Array.from({ length: 20 }, () => target.ask(`/events?ticket=${ticket}`, { until: 'connected' })),
    )
    must(race.filter(({ status }) => status === 200).length === 1, 'not exactly one got in')
    const guesses = Array.from({ length: 50 }, (_, n) => ticket.slice(0, -2) + String(n).padStart(2, '0'))
    const other = await ticketOf(target, 'alice')
    const elsewhere = await target.ask(`/api/events?topic=broadcast&ticket=${other}`)
    mustAnswer(elsewhere, 400, 401)
    const answers = await Promise.all(
      [ticket, ...guesses, 'tdt_x', ''].map((one) => target.ask(`/events?ticket=${one}`)),
    )
    return `one 200 of 20, then ${mustAnswer(answers, 401)}`
  }),
  attack('S23', 'the browser’s own reconnect with a spent ticket', async (target) => {
    const ticket = await ticketOf(target, 'alice')
    const first = await target.ask(`/events?ticket=${ticket}`, { until: 'connected' })
    const setCookie = first.headers.get('set-cookie')!
    must(/; Path=\/events; .*HttpOnly; Secure; SameSite=Strict/.test(setCookie), setCookie)
    const cookie = setCookie.split(';')[0]!
    target.secrets.add(cookie.split('.')[2]!)
    const back = await target.ask(`/events?ticket=${ticket}`, {
      headers: [`Cookie: ${cookie}`, sameOrigin],
      until: 'connected',
    })
    mustAnswer(back, 200)
    const without = await target.ask(`/events?ticket=${ticket}`)
    const stolen = await target.ask(`/events?ticket=${await ticketOf(target, 'bob')}x`, {
      headers: [`Cookie: ${cookie}`, sameOrigin],
    })
    const alone = await target.ask('/events', { headers: [`Cookie: ${cookie}`, sameOrigin] })
    return `200 with its cookie; ${mustAnswer([without, stolen, alone], 401)} without, with another’s ticket, alone`
  }),
  attack('S25', 'a page of another origin, with the visitor’s cookie', async (target) => {
    const cookie = await sessionOf(target, 'alice')
    const headers = [`Cookie: ${cookie}`, `Origin: ${evil}`, 'Sec-Fetch-Site: cross-site']
    const answers = await Promise.all(
      ['/events?last=100', '/api/events?topic=broadcast', '/api/notifications/alice'].map((path) =>
        target.ask(path, { headers }),
      ),
    )
    for (const { headers: got, body } of answers) {
      must(!got.has('access-control-allow-origin'), 'the origin was allowed')
      must(!body.includes('event:'), 'events were sent')
    }
    const good = await target.ask('/events', {
      headers: [`Cookie: ${cookie}`, `Origin: ${friend}`, 'Sec-Fetch-Site: cross-site'],
      until: 'connected',
    })
    must(good.headers.get('access-control-allow-origin') === friend, 'the friend was not allowed')
    return `${mustAnswer(answers, 403)} before any work; 200 for an origin on the list`
  }),
  attack('S27', 'a cookie from something that is no browser', async (target) => {
    return mustAnswer(
      await target.ask('/events', { headers: [`Cookie: ${await sessionOf(target, 'alice')}`] }),
      403,
    )
  }),
  attack('S28', 'a preflight at reconnect', async (target) => {
    const headers = [
      `Origin: ${friend}`,
      'Access-Control-Request-Method: GET',
      'Access-Control-Request-Headers: last-event-id, authorization',
    ]
    const answer = await target.ask('/events', { method: 'OPTIONS', headers })
    must(
      /authorization.*last-event-id/i.test(answer.headers.get('access-control-allow-headers') ?? ''),
      'the headers are not allowed',
    )
    const foreign = await target.ask('/events', { method: 'OPTIONS', headers: [`Origin: ${evil}`] })
    must(!foreign.headers.has('access-control-allow-origin'), 'a stranger was allowed')
    return `${mustAnswer(answer, 204)}; nothing for strangers`
  }),
  attack('S29', 'a form that publishes, from another site or this one', async (target) => {
    const cookie = await sessionOf(target, 'alice')
    const before = await target.eventsStored()
    const types = ['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded']
    const answers = []
    for (const path of ['/api/events?topic=broadcast', '/broadcast', '/api/admin/rotate']) {
      for (const type of types) {
        const from = (headers: string[]) =>
          target.ask(path, {
            method: 'POST',
            body: 'x',
            headers: [`Content-Type: ${type}`, `Cookie: ${cookie}`, ...headers],
          })
        answers.push(await from([`Origin: ${evil}`, 'Sec-Fetch-Site: cross-site']), await from([sameOrigin]))
      }
    }
    must((await target.eventsStored()) === before, 'something was stored')
    return mustAnswer(answers, 403, 415)
  }),
  attack('S30', 'DNS rebinding: another name in Host', async (target) => {
    const names = ['evil.test', 'evil.test:3000', '127.0.0.1.evil.test', 'push.example.evil.test']
    const ask = (host: string) => target.ask('/api/session', { headers: [], method: 'GET', host })
    const answers = await Promise.all(names.map(ask))
    mustAnswer([await ask('push.example'), await ask('localhost')], 200)
    mustAnswer(await target.ask('/api/session', { headers: ['Host: push.example'] }), 400)
    return mustAnswer(answers, 403)
  }),
  attack('S44', 'finding keys by their prefix, and users by their answers', async (target) => {
    const [, id] = target.corner.split('_')
    const keys = [
      `tdk_${id}_${'0'.repeat(40)}`,
      `tdk_${'0'.repeat(12)}_${'0'.repeat(40)}`,
      'tdk_x',
      target.corner.slice(0, -1),
    ]
    const answers = await Promise.all(
      keys.map((shown) => target.ask('/api/events?topic=corner/a', { shown })),
    )
    must(new Set(answers.map(({ body }) => body)).size === 1, 'answers differ')
    const alice = await target.token('alice')
    const users = await Promise.all(
      ['bob', 'nobody-at-all'].map((user) => target.ask(`/events/${user}`, { shown: alice })),
    )
    must(
      new Set(users.map(({ body }) => body.replace(/user\/[\w-]+/, ''))).size === 1,
      'users can be told apart',
    )
    return `${mustAnswer(answers, 401)} and ${mustAnswer(users, 403)}, in the same words`
  }),
]
