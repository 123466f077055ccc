-- What every script of a log begins with. Each is one step that nobody sees half of.
--
-- KEYS[1]  hash: where the log stands (see `load`)
-- KEYS[2]  stream: the events, and the marks where an epoch begins.
--          An event has the id <seq>-<how many of its append follow it> and the field "e", whose value is its tag (5),
--          "j" for JSON or "t" for text, its time in milliseconds (13 digits), topic, LF, type, LF, payload.
--          A mark has the id <head>-<1, 2, …> and the field "epoch".
-- KEYS[3]  sorted set: the topics that have events, all with score 0, so that those with a prefix are found
--
-- Further keys have the same prefix:
--   probes         stream: what nodes write to see whether it arrives, and the epochs of logs that began
--   topic:<topic>  the numbers of the topic's events, in order: as long as they are few, a string of eight bytes for
--                  each; then a stream, whose ids they are, without content
--   key:<key>      what was stored under an idempotency key: hash, epoch, first number, tags

local prefix = string.sub(KEYS[1], 1, -4)

local function whole(number)
  return string.format('%.0f', number)
end

-- The time in milliseconds, which is that of events too: the clocks of nodes may differ.
local function clock()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end

local function load()
  local row = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'head_tag', 'floor', 'floor_tag', 'bytes', 'marks', 'run')
  if not row[1] then return nil end
  return {
    epoch = row[1],
    -- The newest number, and its tag.
    head = tonumber(row[2]), head_tag = row[3],
    -- The number before the oldest that is kept, and its tag.
    floor = tonumber(row[4]), floor_tag = row[5],
    -- Bytes of payloads, topics and types that are kept.
    bytes = tonumber(row[6]),
    -- How many epochs began at the head.
    marks = tonumber(row[7]),
    -- The run of Redis that has vouched for it last.
    run = row[8],
  }
end

local function save(log)
  redis.call('HSET', KEYS[1], 'epoch', log.epoch, 'head', whole(log.head), 'head_tag', log.head_tag,
    'floor', whole(log.floor), 'floor_tag', log.floor_tag, 'bytes', whole(log.bytes), 'marks', whole(log.marks),
    'run', log.run)
end

-- Where readers of the stream go on from to get what comes next.
local function last_id(log)
  return whole(log.head) .. '-' .. whole(log.marks)
end

local function state(log)
  return { log.epoch, whole(log.head), log.head_tag, whole(log.floor), log.floor_tag, whole(log.bytes), last_id(log) }
end

-- A stream takes four KiB for its first entry: too much for the topic of one user.
local few = 128
local width = 8

local function index_of(topic)
  local key = prefix .. 'topic:' .. topic
  return key, redis.call('TYPE', key).ok
end

local function number_at(packed, index)
  return (struct.unpack('>I8', packed, index * width + 1))
end

-- How many of the numbers in a string come before one.
local function rank(packed, seq)
  local low, high = 0, #packed / width
  while low < high do
    local middle = math.floor((low + high) / 2)
    if number_at(packed, middle) < seq then low = middle + 1 else high = middle end
  end
  return low
end

-- Adds numbers to a topic: all are larger than those that are there.
local function note(topic, numbers)
  local key, kind = index_of(topic)
  if kind ~= 'stream' then
    local packed = {}
    for index, seq in ipairs(numbers) do packed[index] = struct.pack('>I8', seq) end
    -- Eviction may have left the index of a log that is gone.
    local newest = redis.call('GETRANGE', key, -width, -1)
    if newest ~= '' and number_at(newest, 0) >= numbers[1] then redis.call('DEL', key) end
    if #numbers <= few and redis.call('APPEND', key, table.concat(packed)) <= few * width then return end
    local earlier = redis.call('GET', key) or ''
    if #numbers > few then earlier = earlier .. table.concat(packed) end
    redis.call('DEL', key)
    numbers = {}
    for index = 0, #earlier / width - 1 do numbers[index + 1] = number_at(earlier, index) end
  end
  for _, seq in ipairs(numbers) do redis.call('XADD', key, whole(seq) .. '-0', '', '') end
end

-- The numbers of a topic from one to another, in the direction of the sign, at most so many.
local function numbers_of(topic, sign, from, to, count)
  local found = {}
  local key, kind = index_of(topic)
  if kind == 'stream' then
    local range = sign > 0 and 'XRANGE' or 'XREVRANGE'
    for index, entry in ipairs(redis.call(range, key, whole(from), whole(to), 'COUNT', count)) do
      found[index] = tonumber(string.match(entry[1], '^%d+'))
    end
  elseif kind == 'string' then
    local packed = redis.call('GET', key)
    local first = sign > 0 and rank(packed, from) or rank(packed, from + 1) - 1
    local last = sign > 0 and rank(packed, to + 1) - 1 or rank(packed, to)
    for index = first, last, sign do
      if #found == count then break end
      found[#found + 1] = number_at(packed, index)
    end
  end
  return found
end

-- Forgets the numbers of a topic before one. Answers whether none is left.
local function forget(topic, first)
  local key, kind = index_of(topic)
  if kind == 'stream' then
    redis.call('XTRIM', key, 'MINID', whole(first))
    if redis.call('XLEN', key) > 0 then return false end
  elseif kind == 'string' then
    local packed = redis.call('GET', key)
    local gone = rank(packed, first)
    if gone * width < #packed then
      if gone > 0 then redis.call('SET', key, string.sub(packed, gone * width + 1)) end
      return false
    end
  end
  redis.call('DEL', key)
  return true
end

-- Whether anything can be written now. After a first write that takes no memory Redis does not ask any more whether there
-- is some: what says where the log stands takes little, and without it nothing could be trimmed to make room.
local function takes_writes()
  local answer = redis.pcall('PERSIST', KEYS[1])
  return type(answer) == 'number'
end

-- What came before is no longer vouched for.
local function begin_epoch(log, epoch)
  redis.call('PERSIST', KEYS[1])
  log.epoch = epoch
  log.marks = log.marks + 1
  redis.call('XADD', KEYS[2], last_id(log), 'epoch', epoch)
end

local function delete_events()
  for _, topic in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    redis.call('DEL', prefix .. 'topic:' .. topic)
  end
  redis.call('DEL', KEYS[2], KEYS[3])
end

-- Goes on without a past.
local function lose_events(log, next_epoch)
  delete_events()
  log.floor, log.floor_tag, log.bytes = log.head, log.head_tag, 0
  begin_epoch(log, next_epoch)
end

-- Whoever deletes or evicts the events leaves a log that says it has them. Asked before anything is added: afterwards
-- nobody would see it.
local function check_events(log, next_epoch)
  if log.head > log.floor and redis.call('XLEN', KEYS[2]) == 0 then lose_events(log, next_epoch) end
end

-- A log without a past. Whatever is left of another is in its way.
local function begin_log(epoch, run)
  delete_events()
  local log = { epoch = epoch, head = 0, head_tag = '00000', floor = 0, floor_tag = '00000', bytes = 0, marks = 0, run = run }
  save(log)
  -- Whoever still waits for the number after its last hears of it before there is any new number; as many are kept as
  -- of probes.
  redis.call('XADD', prefix .. 'probes', 'MAXLEN', '256', '*', 'log', epoch)
  return log
end

local function value_at(seq)
  local found = redis.call('XRANGE', KEYS[2], whole(seq), whole(seq), 'COUNT', 1)[1]
  return found and found[2][1] == 'e' and found[2][2] or nil
end

local function tag_of(log, seq)
  if seq == log.head then return log.head_tag end
  if seq == log.floor then return log.floor_tag end
  local value = value_at(seq)
  return value and string.sub(value, 1, 5)
end

-- The part of a range that the log has, in the direction of reading; empty if the first is beyond the second.
local function kept(log, sign, from, to)
  if sign > 0 then return math.max(from, log.floor + 1), math.min(to, log.head) end
  return math.min(from, log.head), math.max(to, log.floor + 1)
end

-- What pages answer: the state, the last number looked at and its tag, whether that is the end, and the events.
local function page(log, reached, is_end, events)
  return { state(log), whole(reached), tag_of(log, reached) or '00000', is_end and 1 or 0, events }
end

-- Whether a number still is the event, or the place, that had this tag; what retention took may have been.
local function has_place(log, seq, tag)
  if seq > log.head then return false end
  if seq < log.floor then return true end
  return tag_of(log, seq) == tag
end

-- A node that has seen what this log does not hold knows that it was rolled back: from here on it is another history.
local function check_memory(log, epoch, seq, tag, next_epoch)
  if epoch == log.epoch and not has_place(log, tonumber(seq), tag) then
    begin_epoch(log, next_epoch)
    return false
  end
  return true
end
