-- Reads everything, if it has changed.
--
-- KEYS     the five of credentials.lua
-- ARGV[1]  the version that is known, or any other text
-- Answers  nil if it is that still

if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then return nil end
return answer(false)
