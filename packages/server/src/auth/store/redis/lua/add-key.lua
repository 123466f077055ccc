-- Adds a key, unless one that counts has its name.
--
-- KEYS     the five of credentials.lua
-- ARGV[1]  a version that was never used
-- ARGV[2]  the id; then the name, the JSON that is stored, and what time it is

local function counts(id, key)
  if redis.call('HEXISTS', KEYS[3], 'key ' .. id) == 1 then return false end
  return not key.expiresAt or key.expiresAt > tonumber(ARGV[5])
end

local stored = redis.call('HGETALL', KEYS[2])
for at = 1, #stored, 2 do
  local key = cjson.decode(stored[at + 1])
  if key.name == ARGV[3] and counts(stored[at], key) then return answer(false) end
end

redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
redis.call('SET', KEYS[5], '1')
change_version(ARGV[1])
return answer(true)
