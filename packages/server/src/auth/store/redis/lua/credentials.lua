-- What every script of credentials begins with.
--
-- KEYS[1]  the version: text that is another after each change. Made at random and not counted up: a count that was
--          set back with everything else comes to the same number again, with other contents.
-- KEYS[2]  hash of keys: id -> JSON {name, grants, createdAt, expiresAt, digest}
-- KEYS[3]  hash of what was revoked: "user NAME", "token ID" or "key ID" -> since when, in ms
-- KEYS[4]  hash of secrets that sign: number -> JSON {secret, createdAt}; the highest number signs
-- KEYS[5]  "1" since there was a key
--
-- Times are the nodes', in milliseconds: with them goes what nodes have signed.

-- What every script answers: whether anything was written, and all that is there.
local function answer(is_done)
  return {
    is_done and 1 or 0,
    redis.call('GET', KEYS[1]) or '',
    redis.call('HGETALL', KEYS[2]),
    redis.call('HGETALL', KEYS[3]),
    redis.call('HGETALL', KEYS[4]),
    redis.call('EXISTS', KEYS[5])
  }
end

local function change_version(version)
  redis.call('SET', KEYS[1], version)
end

-- Revokes, unless it was since then or later. Answers whether it did.
local function revoke(name, at)
  if tonumber(redis.call('HGET', KEYS[3], name) or '0') >= tonumber(at) then return false end
  redis.call('HSET', KEYS[3], name, at)
  return true
end
