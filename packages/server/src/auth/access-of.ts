import { broadcastTopic, TopicSet, userTopic } from '@tidings/protocol'
import type { Access } from './access.ts'
import { createGrantedAccess } from './granted-access.ts'
import type { ApiKey } from './store/credential-store.ts'
import type { VerifiedToken } from './token/claims.ts'

const none = new TopicSet([])

/** What the user of a token may do: read what is theirs and what is everybody's, and what the token grants. */
export function accessOfToken(token: VerifiedToken): Access {
  const { subject, tokenId, issuer, issuedAt, expiresAt } = token
  const grantee = {
    caller: `user ${subject}`,
    user: subject,
    expiresAt,
    credential: { tokenId, issuer, issuedAt },
  }
  return createGrantedAccess(grantee, {
    subscribe: new TopicSet([userTopic(subject), broadcastTopic, ...token.subscribe]),
    publish: new TopicSet(token.publish),
    notify: none,
    admin: none,
  })
}

const ofKeys = new WeakMap<ApiKey, Access>()

/** What a key grants. Keys are few and asked for often: each has one access as long as it does not change. */
export function accessOfKey(key: ApiKey): Access {
  let access = ofKeys.get(key)
  if (access === undefined) {
    access = makeAccess(key)
    ofKeys.set(key, access)
  }
  return access
}

function makeAccess({ id, grants, expiresAt }: ApiKey): Access {
  const { publish, subscribe, notify, admin } = grants
  return createGrantedAccess(
    { caller: `key ${id}`, expiresAt, credential: { keyId: id } },
    {
      publish: new TopicSet(publish),
      subscribe: new TopicSet(subscribe),
      notify: new TopicSet(notify),
      admin: new TopicSet(admin),
    },
  )
}
