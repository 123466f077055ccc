-- Removes the oldest events that retention no longer covers, in one step of many.
--
-- KEYS     the log's three
-- ARGV[1]  what time it is, in milliseconds; empty for what Redis has it for
-- ARGV[2]  events that are older than so many milliseconds go
-- ARGV[3]  so many events may stay
-- ARGV[4]  so many bytes may stay
-- ARGV[5]  at most so many go now
-- Answers  how many went, and the log's state; nil if there is no log

local log = load()
if not log then return nil end
local most, room, step = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local before = (tonumber(ARGV[1]) or clock()) - tonumber(ARGV[2])
local removed, ends, topics = 0, false, {}

-- A few at a time, because they may be large; one at first, because mostly none has to go.
local from, count = log.floor + 1, 1
while removed < step and not ends do
  local entries = redis.call('XRANGE', KEYS[2], whole(from), '+', 'COUNT', count)
  count = 32
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    if entry[2][1] == 'e' and not ends then
      local seq, value = tonumber(string.match(entry[1], '^%d+')), entry[2][2]
      local is_kept = tonumber(string.sub(value, 7, 19)) >= before and log.head - log.floor <= most and log.bytes <= room
      if is_kept or removed == step then
        ends = true
      else
        topics[string.sub(value, 20, string.find(value, '\n', 20, true) - 1)] = true
        log.floor, log.floor_tag = seq, string.sub(value, 1, 5)
        log.bytes = log.bytes - (#value - 21)
        removed = removed + 1
      end
    end
  end
  from = tonumber(string.match(entries[#entries][1], '^%d+')) + 1
end

if removed > 0 then
  local first = log.floor + 1
  -- The marks behind the newest that goes stay: a tail that has not read them yet would take what follows for events of
  -- the epoch before.
  redis.call('XTRIM', KEYS[2], 'MINID', whole(log.floor) .. '-1')
  for topic in pairs(topics) do
    if forget(topic, first) then redis.call('ZREM', KEYS[3], topic) end
  end
  save(log)
end
return { removed, state(log) }
