import { setTimeout as pause } from 'node:timers/promises'
import { TidingsError } from '@tidings/protocol'
import { isLoopback } from '../config/exposure.ts'
import type { Settings } from '../config/settings.ts'
import type { StoreNotice } from '../log/event-log.ts'
import { type Access, openAccess } from './access.ts'
import { accessOfKey, accessOfToken } from './access-of.ts'
import { BadCredential } from './bad-credential.ts'
import { readCookie, sessionCookie, streamCookie, writeCookie } from './cookies.ts'
import { openStores } from './open-stores.ts'
import type { Credentials, Policy } from './policy.ts'
import { checkJsonWrite, isSameOrigin } from './same-origin.ts'
import type { CredentialStore } from './store/credential-store.ts'
import { looksLikeKey } from './store/key-string.ts'
import { type Ticket, type TicketStore, tagOfTicket } from './tickets/ticket-store.ts'
import type { VerifiedToken } from './token/claims.ts'
import { hasIssuers, resolveIssuers } from './token/issuers.ts'
import { OwnTokens } from './token/own-tokens.ts'
import { TokenVerifier } from './token/token-verifier.ts'

/** In `dev`, whoever shows nothing may do everything; in `production`, nothing. Whatever is shown is judged in both. */
export type Mode = 'dev' | 'production'

/** What a stream is opened with, and what the browser is given to come back with. */
export interface StreamAdmission {
  readonly access: Access
  readonly setCookie?: string
}

/** For how long a stream's cookie outlives its stream at most: for the browser to find the way back. */
const wayBackMs = 600_000

/** How long whoever comes waits for this process to learn what it may have missed, in milliseconds. */
const catchUpMs = 5_000

/** Who is told what an authenticator does, beside whoever asks it: for the log. */
export interface AuthenticatorListeners {
  /** Why a credential did not count, which is never for the caller. */
  readonly onRefused?: ((reason: string) => void) | undefined
  /** That Redis is waited for, or had lost revocations that are known here. */
  readonly onNotice?: ((notice: StoreNotice) => void) | undefined
}

/**
 * Opens what decides who may what, from the settings. A Redis that is away is waited for.
 * @param givenTickets those of another process, for a worker.
 * @throws ConfigError if an issuer is configured wrongly or by a weak secret, StoreRefused if Redis lets nobody in.
 */
export async function openAuthenticator(
  settings: Settings,
  { onRefused = () => {}, onNotice }: AuthenticatorListeners = {},
  givenTickets?: TicketStore,
): Promise<Authenticator> {
  const issuers = await resolveIssuers(settings)
  const { tokenMaxLifetimeMs } = settings
  const { credentials: store, tickets } = await openStores(settings, { tokenMaxLifetimeMs, onNotice })
  const own = new OwnTokens(store.secrets)
  const verifier = new TokenVerifier(issuers, own, settings)
  return new Authenticator({
    settings,
    dev: devOf(settings),
    store,
    tickets: givenTickets ?? tickets,
    own,
    verifier,
    onRefused,
  })
}

/** Nobody who has named an issuer, or listens to other machines, wants everybody to be let in all the same. */
function devOf(settings: Settings): Parts['dev'] {
  if (settings.dev !== 'auto') return settings.dev
  return isLoopback(settings.host) && !hasIssuers(settings) ? 'auto' : 'off'
}

interface Parts {
  readonly settings: Pick<Settings, 'corsOrigins' | 'maxConnectionAgeMs'>
  /** `auto` is on until there is a key, also one that is made while the server runs. */
  readonly dev: 'auto' | 'on' | 'off'
  readonly store: CredentialStore
  readonly tickets: TicketStore
  readonly own: OwnTokens
  readonly verifier: TokenVerifier
  readonly onRefused: (reason: string) => void
}

/** Decides who a request comes from: by a key, a token, the cookie of a session, or a ticket. */
export class Authenticator implements Policy {
  readonly store: CredentialStore
  readonly own: OwnTokens
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.store = parts.store
    this.own = parts.own
    this.#parts = parts
  }

  /** Whoever has made a key, even one that is gone by now, does not want everybody to be let in. */
  get mode(): Mode {
    const { dev, store } = this.#parts
    return dev === 'on' || (dev === 'auto' && !store.hasKeys) ? 'dev' : 'production'
  }

  /** At once for keys, which are what a busy server is shown most. */
  admit(credentials: Credentials): Access | Promise<Access> {
    const due = this.#catchUp()
    return due === undefined ? this.#admit(credentials) : due.then(() => this.#admit(credentials))
  }

  #admit(credentials: Credentials): Access | Promise<Access> {
    const { authorization, cookie } = credentials.headers
    const hasSession = readCookie(cookie, sessionCookie) !== undefined
    if (authorization === undefined && !hasSession) return this.#admitNobody()
    const shown = bearerOf(authorization)
    if (shown !== undefined && looksLikeKey(shown) && !hasSession) return this.#accessOfKey(shown)
    return this.#admitToken(credentials)
  }

  /**
   * The same for a stream, which a ticket may open too.
   * @param ticket of the query.
   * @param path of the stream, for the cookie.
   */
  async admitStream(
    credentials: Credentials,
    ticket: string | undefined,
    path: string,
  ): Promise<StreamAdmission> {
    if (ticket === undefined) return { access: await this.admit(credentials) }
    const { headers } = credentials
    if (headers.authorization !== undefined) throw twoAtOnce()
    await this.#catchUp()
    const token = await this.#redeem(credentials, ticket)
    const left = Math.min(token.expiresAt - Date.now(), this.#parts.settings.maxConnectionAgeMs + wayBackMs)
    // Of the ticket, which stays in the URL: after the secret was exchanged, the user's own tag is another.
    const name = streamCookie(tagOfTicket(ticket)!)
    const value = await this.own.mint('stream', token)
    // Last of all: what is revoked while the cookie is made must not open a stream that nobody would end.
    return {
      access: this.#accessOf(token),
      setCookie: writeCookie(name, value, { path, maxAgeS: left / 1_000 }),
    }
  }

  /**
   * The user's token that a request shows, for what only users have: sessions and tickets.
   * @throws TidingsError `unauthorized`, `forbidden` for keys.
   */
  async userOf(credentials: Credentials): Promise<VerifiedToken> {
    await this.#catchUp()
    const { authorization, cookie } = credentials.headers
    const shown = this.#shown(authorization)
    if (shown !== undefined && looksLikeKey(shown)) {
      await this.#accessOfKey(shown)
      throw new TidingsError('forbidden', 'This is for users. Make a token for one with POST /api/tokens.')
    }
    const token = await this.#verifyToken(credentials, shown, readCookie(cookie, sessionCookie))
    this.#accessOf(token)
    return token
  }

  /** The cookie of a session for the user who shows this token. A session that is there is replaced. */
  async openSession(authorization: string | undefined): Promise<{ token: VerifiedToken; setCookie: string }> {
    if (authorization === undefined) throw missing()
    const token = await this.userOf({ headers: { authorization }, url: '' })
    const value = await this.own.mint('session', token)
    const maxAgeS = (token.expiresAt - Date.now()) / 1_000
    return { token, setCookie: writeCookie(sessionCookie, value, { path: '/', maxAgeS }) }
  }

  /** Takes the cookie of a session back. */
  closeSession(): string {
    return writeCookie(sessionCookie, '', { path: '/', maxAgeS: 0 })
  }

  async issueTicket(credentials: Credentials): Promise<Ticket> {
    const token = await this.userOf(credentials)
    return this.#parts.tickets.issue(await this.own.tagOf(token.subject), token)
  }

  /** Whether this access was taken back since it was given; that of nobody is by the first key. */
  isRevoked(access: Access): boolean {
    if (access === openAccess) return this.mode === 'production'
    const { credential, user } = access
    return credential !== undefined && this.store.isRevoked({ ...credential, user })
  }

  freshen(): Promise<void> | undefined {
    return this.store.freshen()
  }

  onRevoked(callback: (hasLost: (access: Access) => boolean) => void): void {
    this.store.onRevoked(() => callback((access) => this.isRevoked(access)))
  }

  close(): Promise<void> {
    return this.store.close()
  }

  /**
   * After a standstill, what was revoked meanwhile is learned before anybody is let in. While the store cannot be
   * reached, what is known goes on counting.
   */
  #catchUp(): Promise<unknown> | undefined {
    const due = this.store.freshen()
    if (due === undefined) return undefined
    return Promise.race([due.catch(() => {}), pause(catchUpMs, undefined, { ref: false })])
  }

  #admitNobody(): Access {
    if (this.mode === 'dev') return openAccess
    throw missing()
  }

  #accessOfKey(shown: string): Access | Promise<Access> {
    const key = this.store.findKey(shown)
    return key === undefined ? this.#accessOfNewKey(shown) : accessOfKey(key)
  }

  /** A key that was made a moment ago is used at once by a script: what is not known may only be new. */
  async #accessOfNewKey(shown: string): Promise<Access> {
    await this.store.lookAgain()
    const key = this.store.findKey(shown)
    if (key === undefined) throw this.#bad('no key that counts')
    return accessOfKey(key)
  }

  async #admitToken(credentials: Credentials): Promise<Access> {
    const { authorization, cookie } = credentials.headers
    const shown = this.#shown(authorization)
    // A key together with a session: whose request would it be?
    if (shown !== undefined && looksLikeKey(shown)) throw twoAtOnce()
    return this.#accessOf(await this.#verifyToken(credentials, shown, readCookie(cookie, sessionCookie)))
  }

  #shown(authorization: string | undefined): string | undefined {
    const shown = bearerOf(authorization)
    if (authorization !== undefined && shown === undefined) throw this.#bad('the scheme is not Bearer')
    return shown
  }

  /** A browser sends its cookie along with a header too; both must then say the same. */
  async #verifyToken(
    credentials: Credentials,
    shown: string | undefined,
    session: string | undefined,
  ): Promise<VerifiedToken> {
    const { verifier } = this.#parts
    if (shown === undefined) {
      if (session === undefined) throw missing()
      this.#checkCookieUse(credentials)
      return this.#judged(this.own.verify('session', session, verifier.rules))
    }
    const token = await this.#judged(verifier.verify(shown))
    if (session === undefined) return token
    const other = await this.own.verify('session', session, verifier.rules).catch(() => undefined)
    if (other !== undefined && other.subject !== token.subject) throw twoAtOnce()
    return token
  }

  /** Whom a ticket is for, or the cookie that came with it when it was spent. */
  async #redeem(credentials: Credentials, ticket: string): Promise<VerifiedToken> {
    const redeeming = this.#parts.tickets.redeem(ticket)
    const token = await redeeming.catch(() => undefined)
    if (token !== undefined) return token
    // While the tickets are out of reach, whoever has the cookie comes back all the same.
    const isUnknown = cookieOf(credentials, ticket) === undefined && (await redeeming) === undefined
    if (isUnknown) throw this.#bad('no ticket that counts')
    return this.#returning(credentials, ticket)
  }

  /** A browser that comes back with a ticket that is spent, and the cookie that it was given for it. */
  async #returning(credentials: Credentials, ticket: string): Promise<VerifiedToken> {
    this.#checkCookieUse(credentials)
    const value = cookieOf(credentials, ticket)!
    const token = await this.#judged(this.own.verify('stream', value, this.#parts.verifier.rules))
    if (this.own.isTagOf(tagOfTicket(ticket)!, token.subject)) return token
    throw this.#bad('a ticket with the cookie of another user')
  }

  #checkCookieUse({ headers, method }: Credentials): void {
    if (!isSameOrigin(headers, this.#parts.settings.corsOrigins)) {
      throw new TidingsError(
        'forbidden',
        'A cookie counts only in requests of pages of this origin, or of one in the setting corsOrigins.',
        { field: 'Origin' },
      )
    }
    checkJsonWrite(headers, method)
  }

  #accessOf(token: VerifiedToken): Access {
    const access = accessOfToken(token)
    if (this.isRevoked(access)) throw this.#bad('revoked')
    return access
  }

  async #judged(verified: Promise<VerifiedToken>): Promise<VerifiedToken> {
    try {
      return await verified
    } catch (error) {
      if (error instanceof BadCredential) throw this.#bad(error.message)
      throw error
    }
  }

  /** One answer for everything that does not count: which part was wrong would help to guess. */
  #bad(reason: string): TidingsError {
    this.#parts.onRefused(reason)
    return new TidingsError(
      'unauthorized',
      'What you show does not count, or no longer. Get a new token, key or ticket.',
    )
  }
}

/** The cookie that was given for a ticket, if there is one. */
function cookieOf({ headers }: Credentials, ticket: string): string | undefined {
  const tag = tagOfTicket(ticket)
  return tag === undefined ? undefined : readCookie(headers.cookie, streamCookie(tag))
}

function missing(): TidingsError {
  return new TidingsError(
    'unauthorized',
    'Say who you are: send the header Authorization, "Bearer" and a token or an API key.',
  )
}

function twoAtOnce(): TidingsError {
  return new TidingsError('bad_request', 'The request shows two credentials that differ; show one.')
}

function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  return /^Bearer +([^\s,]+) *$/i.exec(authorization)?.[1]
}
