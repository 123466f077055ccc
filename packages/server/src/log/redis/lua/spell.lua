-- Finds the topics with some prefixes that have events.
--
-- KEYS     the log's three
-- ARGV[1]  at most so many of one prefix
-- ARGV[2]  prefixes, as many as there are
-- Answers  the newest number: topics that get their first event later are not among them; and for each prefix its
--          topics, or 0 if there are more; nil if there is no log

local log = load()
if not log then return nil end
local most = tonumber(ARGV[1])
local answers = {}
for index = 2, #ARGV do
  local start = ARGV[index]
  -- No UTF-8 holds the byte 255: it is after whatever goes on with the prefix.
  local topics = redis.call('ZRANGE', KEYS[3], '[' .. start, '(' .. start .. '\255', 'BYLEX', 'LIMIT', 0, most + 1)
  answers[#answers + 1] = #topics <= most and topics or 0
end
return { whole(log.head), answers }
