-- Keeps a ticket until it is used or its time is over, if there is room for it.
--
-- KEYS[1]  the ticket, by its digest -> JSON of the token that it stands for
-- KEYS[2]  sorted set of the digests of all tickets that wait, by when they end, in ms
-- KEYS[3]  the same of this user
-- ARGV[1]  the JSON; then for how many ms it waits, and its digest
-- ARGV[4]  how many may wait in all; then how many of one user
-- Answers  1, or 0 if there are too many

local now = redis.call('TIME')
local time = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
for at = 2, 3 do
  redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', string.format('%d', time))
  if redis.call('ZCARD', KEYS[at]) >= tonumber(ARGV[at + 2]) then return 0 end
end

local ends = string.format('%d', time + tonumber(ARGV[2]))
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ends)
for at = 2, 3 do
  redis.call('ZADD', KEYS[at], ends, ARGV[3])
  -- It need not be there for longer than the last of them; a ticket of a token that ends soon must not cut it short.
  if redis.call('PEXPIRETIME', KEYS[at]) < tonumber(ends) then redis.call('PEXPIREAT', KEYS[at], ends) end
end
return 1
