-- Adds a secret that signs from now on, and forgets those that nothing living was signed with.
--
-- KEYS     the five of credentials.lua
-- ARGV[1]  a version that was never used
-- ARGV[2]  the JSON that is stored
-- ARGV[3]  secrets that were replaced before this are forgotten
-- ARGV[4]  "1" to add none if there is one: another node may have been quicker

local stored = redis.call('HGETALL', KEYS[4])
if ARGV[4] == '1' and #stored > 0 then return answer(false) end

local newest, replacing = 0, 0
for at = 1, #stored, 2 do
  local number = tonumber(stored[at])
  newest = math.max(newest, number)
  local is_old = cjson.decode(stored[at + 1]).createdAt < tonumber(ARGV[3])
  if is_old then replacing = math.max(replacing, number) end
end
-- A secret ends its service when the next begins it.
for at = 1, #stored, 2 do
  if tonumber(stored[at]) < replacing then redis.call('HDEL', KEYS[4], stored[at]) end
end

redis.call('HSET', KEYS[4], string.format('%d', newest + 1), ARGV[2])
change_version(ARGV[1])
return answer(true)
