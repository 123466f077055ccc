-- Takes a ticket: of many who ask for it at once, one gets it.
--
-- KEYS     the three of issue.lua
-- ARGV[1]  its digest
-- Answers  the JSON of its token, or nil if it is not there, or no longer

local token = redis.call('GETDEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
return token
