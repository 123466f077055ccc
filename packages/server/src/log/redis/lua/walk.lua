-- Reads a page of everything.
--
-- KEYS     the log's three
-- ARGV[1]  "1" to read forwards, "-1" backwards
-- ARGV[2]  where to begin, included
-- ARGV[3]  where to stop, included
-- ARGV[4]  at most so many events
-- ARGV[5]  no further event after so many bytes
-- Answers  as read.lua does

local log = load()
if not log then return nil end
local sign, left, room = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[5])
local from, to = kept(log, sign, tonumber(ARGV[2]), tonumber(ARGV[3]))
if sign * (to - from) < 0 then
  return page(log, sign > 0 and math.min(from - 1, log.head) or log.floor, true, {})
end

-- A few at a time, because they may be large. On from the last entry, not the last number: of that there may be more
-- marks than are read at a time.
local range = sign > 0 and 'XRANGE' or 'XREVRANGE'
local start, reached, events = whole(from), from - sign, {}
while left > 0 and room > 0 and sign * (to - reached) > 0 do
  local count = math.min(left, 32)
  local entries = redis.call(range, KEYS[2], start, whole(to), 'COUNT', count)
  for _, entry in ipairs(entries) do
    if entry[2][1] == 'e' and left > 0 and room > 0 then
      reached = tonumber(string.match(entry[1], '^%d+'))
      events[#events + 1] = whole(reached)
      events[#events + 1] = entry[2][2]
      left = left - 1
      room = room - #entry[2][2]
    end
  end
  if #entries < count then
    if left > 0 and room > 0 then reached = to end
    break
  end
  start = '(' .. entries[#entries][1]
end
return page(log, reached, reached == to, events)
