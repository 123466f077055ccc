import { isKeySetUrl, issuerList, tokenAlgorithms } from '../issuer.ts'
import { duration, file, list, secret, text } from '../setting.ts'
import { day, hour, minute, second, year } from '../units.ts'

/** Whose tokens are believed, and for how long they live. */
export const tokenSettings = {
  jwtIssuer: text({
    default: '',
    placeholder: 'issuer',
    allowed: 'the `iss` of tokens, exactly',
    isAllowed: isShortText,
    doc: 'Who makes the tokens of users: the `iss` that they must have. Several issuers go into `issuers`.',
  }),
  jwtAudience: text({
    default: '',
    placeholder: 'audience',
    allowed: 'the `aud` of tokens, exactly',
    isAllowed: isShortText,
    doc: 'For whom tokens are made: the `aud` that they must have.',
  }),
  jwtAlgorithms: list({
    default: [],
    placeholder: 'algorithms',
    allowed: `${tokenAlgorithms.join(', ')}, separated by commas`,
    isAllowed: (name) => (tokenAlgorithms as readonly string[]).includes(name),
    doc: 'How tokens may be signed; needed with a key file or a JWKS URL, `HS256` with a secret.',
  }),
  jwtSecret: secret({
    allowed: 'at least 32 random bytes, e.g. of `openssl rand -base64 48`',
    doc: 'The secret of HS256 tokens.',
  }),
  jwtKeyFile: file({ doc: 'A file with the public key of tokens, PEM or JWK.' }),
  jwksUrl: text({
    default: '',
    placeholder: 'url',
    allowed: 'an https URL, or an http one on this machine',
    isAllowed: isKeySetUrl,
    doc: 'Where the issuer publishes its public keys (JWKS).',
  }),
  issuers: issuerList({
    doc: 'More issuers, each an object with `issuer`, `audience`, `algorithms`, and `secret`, `keyFile` or `jwksUrl`.',
  }),
  clockSkewMs: duration({
    default: 10 * second,
    min: 0,
    max: minute,
    doc: 'How far the clock of an issuer may be ahead. It never makes a token live longer.',
  }),
  tokenTtlMs: duration({
    default: hour,
    min: second,
    max: year,
    doc: 'How long a token lives that this server makes, if nobody says otherwise.',
  }),
  tokenMaxLifetimeMs: duration({
    default: day,
    min: second,
    max: year,
    isLimit: true,
    doc: 'A token that would live longer from now on is refused.',
  }),
  expiryNoticeMs: duration({
    default: minute,
    min: 0,
    max: hour,
    doc: 'How long before the end of its token a stream is told, so that it can be renewed.',
  }),
}

function isShortText(text: string): boolean {
  return text.length <= 512 && !/\p{Cc}/u.test(text)
}
