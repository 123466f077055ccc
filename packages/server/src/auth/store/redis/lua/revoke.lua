-- Takes something back, and forgets what was taken back so long ago that it would have expired. Keys need not expire,
-- and are never forgotten.
--
-- KEYS     the five of credentials.lua
-- ARGV[1]  a version that was never used
-- ARGV[2]  "user", "token" or "key"; then its name or id, and since when
-- ARGV[5]  users and tokens that were revoked before this are forgotten

local name = ARGV[2] .. ' ' .. ARGV[3]
if ARGV[2] == 'key' then
  local is_there = redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1
  if not is_there or redis.call('HEXISTS', KEYS[3], name) == 1 then return answer(false) end
end

local revoked = redis.call('HGETALL', KEYS[3])
for at = 1, #revoked, 2 do
  local is_key = string.sub(revoked[at], 1, 4) == 'key '
  if not is_key and tonumber(revoked[at + 1]) < tonumber(ARGV[5]) then redis.call('HDEL', KEYS[3], revoked[at]) end
end

local is_done = revoke(name, ARGV[4])
change_version(ARGV[1])
return answer(is_done)
