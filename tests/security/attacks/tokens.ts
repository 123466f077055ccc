import { createHmac } from 'node:crypto'
import { claims, rawToken } from '../../../packages/server/src/auth/token/test-tokens.ts'
import { type Attack, attack, must, mustAnswer, orHungUpOn } from './attack.ts'
import { issuer, otherIssuer, type Target } from './target.ts'

function hmacSigned(header: object, payload: object, secret: string): string {
  const unsigned = rawToken(JSON.stringify(header), JSON.stringify(payload)).replace(/\.AAAA$/, '')
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}

async function refused(target: Target, tokens: readonly string[]): Promise<string> {
  const answers = await Promise.all(tokens.map((shown) => target.ask('/events', { shown })))
  must(new Set(answers.map(({ body }) => body)).size === 1, 'answers tell what was wrong')
  return `${mustAnswer(answers, 401)}, in the same words`
}

const now = () => Math.floor(Date.now() / 1_000)

/** Tokens that are not what they seem. */
export const tokens: readonly Attack[] = [
  attack('S13', 'alg none, a public key as HMAC secret, other algorithms', async (target) => {
    const { publicPem, kid } = target.provider
    const payload = claims(issuer)
    return refused(target, [
      rawToken('{"alg":"none"}', JSON.stringify(payload), ''),
      rawToken('{"alg":"None"}', JSON.stringify(payload)),
      ...[publicPem, publicPem.trim(), ` ${publicPem}`].map((secret) =>
        hmacSigned({ alg: 'HS256', kid }, payload, secret),
      ),
      hmacSigned({ kid }, payload, publicPem),
      `${(await target.token('alice')).slice(0, -4)}AAAA`,
    ])
  }),
  attack('S14', 'a start with a public key as HMAC secret, or a weak one', async (target) => {
    const named = {
      TIDINGS_JWT_ISSUER: issuer,
      TIDINGS_JWT_AUDIENCE: 'push.example',
      TIDINGS_JWT_ALGORITHMS: 'HS256',
    }
    for (const secret of [
      target.provider.publicPem,
      `\n ${target.provider.publicPem}`,
      'tiny-9-Xy',
      'change-me-change-me-change-me-change',
    ]) {
      const { code, output } = await target.failedStart({ ...named, TIDINGS_JWT_SECRET: secret })
      must(code === 78, `it ended with ${code}`)
      must(!output.includes(secret.trim()), 'the secret was repeated')
    }
    return 'refuses to start (78), names the remedy, not the secret'
  }),
  attack('S16', 'an issuer of the attacker’s own, and URLs in the header', async (target) => {
    const before = [target.providerKeys.requests, target.otherKeys.requests]
    const { url } = target.otherKeys
    const names = [
      new URL(url).origin,
      `${issuer}/../x`,
      'http://169.254.169.254/latest',
      `${issuer}.evil.example`,
    ]
    const tokens = await Promise.all(
      names.map((iss) => target.other.sign(claims(iss), { jku: url, x5u: url })),
    )
    const answer = await refused(target, tokens)
    must(
      [target.providerKeys.requests, target.otherKeys.requests].join() === before.join(),
      'something was fetched',
    )
    return `${answer}; nothing fetched`
  }),
  attack('S17', 'a token of one issuer, in the name of another with the same kid', async (target) => {
    mustAnswer(
      await target.ask('/events', {
        shown: await target.other.sign(claims(otherIssuer)),
        until: 'connected',
      }),
      200,
    )
    return refused(target, [
      await target.other.sign(claims(issuer)),
      await target.provider.sign(claims(otherIssuer)),
    ])
  }),
  attack('S18', 'a flood of unknown kids', async (target) => {
    await target.ask('/events', { shown: await target.token('alice'), until: 'connected' })
    const before = target.providerKeys.requests
    const tokens = await Promise.all(
      Array.from({ length: 100 }, (_, kid) =>
        target.provider.sign(claims(issuer), { kid: `made-up-${kid}` }),
      ),
    )
    const answer = await refused(target, tokens)
    const fetched = target.providerKeys.requests - before
    must(fetched <= 1, `${fetched} fetches`)
    return `${answer}; ${fetched} fetches for 100`
  }),
  attack('S19', 'an issuer that answers ten megabytes, or leads elsewhere', async (target) => {
    target.providerKeys.answer = (_, response) =>
      void response.end(`{"keys":[],"x":"${'x'.repeat(10_000_000)}"}`)
    await refused(target, [await target.provider.sign(claims(issuer), { kid: 'unknown-to-all' })])
    target.providerKeys.answer = undefined
    mustAnswer(await target.ask('/events', { shown: await target.token('alice'), until: 'connected' }), 200)
    return 'known keys go on; rotation, age and bounds in key-set.test.ts'
  }),
  attack('S20', 'claims that are missing, wrong, twice, or for ever', async (target) => {
    const changes: readonly object[] = [
      { aud: undefined },
      { aud: 'other' },
      { iss: undefined },
      { exp: undefined },
      { exp: now() - 1 },
      { exp: now() + 3_153_600_000 },
      { nbf: now() + 120 },
      { sub: undefined },
      { sub: '*' },
      { sub: 'a/b' },
      { tidings: { subscribe: '**' } },
      { tidings: { subscribe: Array(101).fill('a') } },
    ]
    const signed = await Promise.all(changes.map((change) => target.provider.sign(claims(issuer, change))))
    const kinds = await Promise.all(
      [{ typ: 'logout+jwt' }].map((header) => target.provider.sign(claims(issuer), header)),
    )
    const twice = rawToken('{"alg":"RS256","alg":"RS256"}', JSON.stringify(claims(issuer)))
    const critical = rawToken('{"alg":"RS256","crit":["x"],"x":1}', JSON.stringify(claims(issuer)))
    const many = await target.provider.sign(
      claims(issuer, { tidings: { subscribe: Array.from({ length: 30_000 }, (_, n) => `t/${n}`) } }),
    )
    const huge = await orHungUpOn(target.ask('/events', { shown: many }))
    if (huge.length > 0) mustAnswer(huge, 401, 431)
    return refused(target, [...signed, ...kinds, twice, critical])
  }),
]
