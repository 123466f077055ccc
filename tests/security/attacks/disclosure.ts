import { type Attack, attack, must, mustAnswer } from './attack.ts'
import { friend } from './target.ts'

/** What is told to whom. */
export const disclosure: readonly Attack[] = [
  attack('S11', 'another user’s stream, pages, keys, tokens, presence and admin routes', async (target) => {
    const alice = await target.token('alice')
    const send = (path: string, body: object) => target.send(path, body, { shown: alice })
    const answers = [
      await target.ask('/events/bob', { shown: alice }),
      await target.ask('/events?topic=user/*&topic=user/bob', { shown: alice }),
      await target.ask('/api/events?topic=user/bob', { shown: alice }),
      await target.ask('/api/notifications/bob', { shown: alice }),
      await target.ask('/api/presence?topic=user/bob', { shown: alice }),
      await send('/api/events', { topic: 'user/bob' }),
      await send('/api/notifications/bob', { type: 'info', title: 'a', message: 'b' }),
      await send('/api/tokens', { user: 'bob' }),
      await send('/api/admin/revoke', { user: 'bob' }),
      await send('/api/admin/rotate', {}),
      await target.send('/api/events', { topic: 'other/a' }, { shown: target.corner }),
      await target.ask('/api/events?topic=other/a', { shown: target.corner }),
    ]
    return mustAnswer(answers, 403)
  }),
  attack('S11b', 'another caller’s Idempotency-Key', async (target) => {
    const headers = ['Idempotency-Key: shared-1']
    const publish = (topic: string, shown: string) =>
      target.send('/api/events', { topic, data: 's11b' }, { shown, headers })
    const own = await publish('corner/a', target.admin)
    mustAnswer(own, 201)
    mustAnswer(await publish('corner/a', target.admin), 200)
    const same = await publish('corner/a', target.corner)
    must(
      same.body !== own.body && same.body.includes('"duplicate":false'),
      'an id of another caller was told',
    )
    return `${mustAnswer(await publish('secret/a', target.corner), 403)}, and a key of their own`
  }),
  attack('S45', 'secrets in help, health, metrics, errors and the list of processes', async (target) => {
    const pages = [
      '/metrics',
      '/api/stats',
      '/healthz',
      '/readyz',
      '/openapi.json',
      '/nowhere',
      '/api/session',
    ]
    const texts = await Promise.all(
      pages.map(async (path) => (await target.ask(path, { shown: target.admin })).raw),
    )
    const { readFile } = await import('node:fs/promises')
    texts.push(await readFile(`/proc/${target.server.pid}/cmdline`, 'latin1'))
    const { output } = await target.failedStart({ TIDINGS_JWT_SECRET: 'weak-secret-1', TIDINGS_PORT: 'x' })
    must(!output.includes('weak-secret-1'), 'a secret stands in an error')
    for (const secret of target.secrets)
      must(!texts.some((text) => text.includes(secret)), 'a secret was shown')
    return `none of ${target.secrets.size} secrets in ${pages.length} pages`
  }),
  attack('S46', 'metrics, statistics and admin routes for everybody', async (target) => {
    const paths = ['/metrics', '/api/stats', '/api/presence?topic=a', '/api/metrics']
    const nobody = await Promise.all(paths.map((path) => target.ask(path)))
    const rotate = await target.ask('/api/admin/rotate', { method: 'POST' })
    const corner = await Promise.all(paths.map((path) => target.ask(path, { shown: target.corner })))
    const page = await target.ask('/metrics', {
      shown: target.admin,
      headers: ['Origin: https://evil.example'],
    })
    must(!page.headers.has('access-control-allow-origin'), 'a page of any origin may read them')
    return `${mustAnswer([...nobody, rotate], 401)} unknown, ${mustAnswer(corner, 403)} without the right`
  }),
  attack('S47', 'labels of metrics made up by callers', async (target) => {
    for (let index = 0; index < 50; index++)
      await target.ask(`/made-up-${index}?topic=x`, { shown: target.admin })
    const { body } = await target.ask('/metrics', { shown: target.admin })
    must(!body.includes('made-up-'), 'a path became a label')
    return `${body.split('\n').length} lines, whatever is asked`
  }),
  attack('S43', 'a secret beside a guess, in a compressed stream', async (target) => {
    const headers = ['Accept-Encoding: gzip, br, deflate, zstd']
    const answers = await Promise.all(
      ['/events', '/api/events?topic=broadcast', '/', '/openapi.json', '/docs/static/swagger-ui.css'].map(
        (path) =>
          target.ask(path, {
            shown: target.admin,
            headers,
            ...(path === '/events' && { until: 'connected' }),
          }),
      ),
    )
    for (const answer of answers) must(!answer.headers.has('content-encoding'), 'something was compressed')
    return 'nothing is compressed'
  }),
  attack('S24', 'secrets in the log, and control characters that forge lines of it', async (target) => {
    const evil = '\u001b[31mred\u001b[0m'
    await target.ask('/events', {
      headers: [`Last-Event-ID: ${evil}`, `Origin: ${friend}`, `User-Agent: ${evil}`],
    })
    await target.send('/api/events', { topic: `a${evil}` }, { shown: target.admin })
    const { output } = target.server
    for (const secret of target.secrets) must(!output.includes(secret), 'a secret was logged')
    must(!output.includes('\u001b'), 'a control character was logged')
    must(
      output.split('\n').every((line) => line === '' || line.startsWith('{')),
      'a line was forged',
    )
    return `none of ${target.secrets.size} secrets in ${output.length} characters at level trace`
  }),
]
