-- Stores the appends of many publishers: numbers them, remembers their idempotency keys, notes their topics.
--
-- KEYS     the log's three
-- ARGV[1]  an epoch that was never used
-- ARGV[2]  the epoch of the newest place that the node knows of; then its number, its tag
-- ARGV[5]  how long an idempotency key is remembered, in milliseconds
-- ARGV[6]  how many appends there are; then three for each: its idempotency key or "", the hash of its events, and
--          how many these are; then three for each event, in order: its tag and "j" or "t"; its topic; topic, LF,
--          type, LF, payload
-- Answers  the epoch, and for each append {"stored", first number}, {"mismatch"}, or for one that was stored under its
--          key before {"duplicate", epoch, first number, tags}; nil if there is no log

local log = load()
if not log then return nil end
check_events(log, ARGV[1])
check_memory(log, ARGV[2], ARGV[3], ARGV[4], ARGV[1])

local time = whole(clock())
local appends = tonumber(ARGV[6])
local at = 7 + 3 * appends
local numbers = {}
local answers = {}

local function store(count)
  local tags = {}
  for left = count - 1, 0, -1 do
    local head, topic, body = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    at = at + 3
    log.head = log.head + 1
    log.head_tag = string.sub(head, 1, 5)
    log.bytes = log.bytes + #body - 2
    tags[#tags + 1] = log.head_tag
    local id = whole(log.head) .. '-' .. left
    redis.call('XADD', KEYS[2], id, 'e', head .. time .. body)
    local of_topic = numbers[topic] or {}
    of_topic[#of_topic + 1] = log.head
    numbers[topic] = of_topic
  end
  log.marks = 0
  return table.concat(tags)
end

for index = 1, appends do
  local key, hash, count = ARGV[4 + 3 * index], ARGV[5 + 3 * index], tonumber(ARGV[6 + 3 * index])
  local earlier = key ~= '' and redis.call('GET', prefix .. 'key:' .. key)
  if earlier then
    at = at + 3 * count
    local known, epoch, first, tags = string.match(earlier, '^(%S+) (%S+) (%d+) (%S+)$')
    answers[index] = known == hash and { 'duplicate', epoch, first, tags } or { 'mismatch' }
  else
    local first = whole(log.head + 1)
    local tags = store(count)
    if key ~= '' then
      redis.call('SET', prefix .. 'key:' .. key, hash .. ' ' .. log.epoch .. ' ' .. first .. ' ' .. tags, 'PX', ARGV[5])
    end
    answers[index] = { 'stored', first }
  end
end
for topic, of_topic in pairs(numbers) do
  note(topic, of_topic)
  redis.call('ZADD', KEYS[3], 0, topic)
end
save(log)
return { log.epoch, answers }
