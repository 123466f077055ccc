-- Reads a page of some topics, from their own indexes: what other topics hold costs nothing.
--
-- KEYS     the log's three
-- ARGV[1]  "1" to read forwards, "-1" backwards
-- ARGV[2]  where to begin, included
-- ARGV[3]  where to stop, included
-- ARGV[4]  at most so many events
-- ARGV[5]  no further event after so many bytes
-- ARGV[6]  topics, as many as there are
-- Answers  the log's state, the last number looked at and its tag, whether that is where to stop, and of each event
--          its number and value; nil if there is no log

local log = load()
if not log then return nil end
local sign, limit = tonumber(ARGV[1]), tonumber(ARGV[4])
local from, to = kept(log, sign, tonumber(ARGV[2]), tonumber(ARGV[3]))
if sign * (to - from) < 0 then
  return page(log, sign > 0 and math.min(from - 1, log.head) or log.floor, true, {})
end

-- From each topic about twice what it contributes, rather than a page of each.
local runs = {}
for index = 6, #ARGV do runs[#runs + 1] = { ARGV[index], from } end
local step = math.max(8, math.ceil(limit / math.max(1, #runs)))
local found = {}
while #runs > 0 do
  local unfinished = {}
  for _, run in ipairs(runs) do
    if sign * (to - run[2]) >= 0 then
      local numbers = numbers_of(run[1], sign, run[2], to, step)
      for _, seq in ipairs(numbers) do found[#found + 1] = seq end
      if #numbers == step then unfinished[#unfinished + 1] = { run[1], found[#found] + sign } end
    end
  end
  table.sort(found, function(one, other) return sign * (one - other) < 0 end)
  for index = #found, limit + 1, -1 do found[index] = nil end
  local last = found[limit]
  runs = {}
  for _, run in ipairs(unfinished) do
    if not last or sign * (last - run[2]) > 0 then runs[#runs + 1] = run end
  end
  step = step * 2
end

local reached = found[limit] or to
local bytes, events = 0, {}
for _, seq in ipairs(found) do
  local value = value_at(seq)
  if value then
    events[#events + 1] = whole(seq)
    events[#events + 1] = value
    bytes = bytes + #value
  end
  if bytes > tonumber(ARGV[5]) then
    reached = seq
    break
  end
end
return page(log, reached, reached == to, events)
