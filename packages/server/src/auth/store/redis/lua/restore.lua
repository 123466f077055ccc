-- Writes again what a node knows to be revoked, and Redis has lost.
--
-- KEYS     the five of credentials.lua
-- ARGV[1]  a version that was never used
-- ARGV[2]  "1" if there ever was a key
-- ARGV[3]  what was revoked and since when, as in the hash: two for each

local is_done = false
for at = 3, #ARGV, 2 do
  is_done = revoke(ARGV[at], ARGV[at + 1]) or is_done
end
if ARGV[2] == '1' and redis.call('EXISTS', KEYS[5]) == 0 then
  redis.call('SET', KEYS[5], '1')
  is_done = true
end
if is_done then change_version(ARGV[1]) end
return answer(is_done)
