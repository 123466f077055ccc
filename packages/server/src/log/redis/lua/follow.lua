-- Tells a node where the log stands, before it reads or writes on a new connection, and now and then on an old one.
-- Begins the log if there is none, and a new epoch if nobody can vouch for the past.
--
-- KEYS     the log's three
-- ARGV[1]  an epoch that was never used
-- ARGV[2]  the run of this Redis
-- ARGV[3]  "1" if a restart of it cannot have lost what it acknowledged
-- ARGV[4]  the epoch of the newest place that the node knows of; empty if it knows none
-- ARGV[5]  its number
-- ARGV[6]  its tag
-- Answers  the log's state, and "seen" if the node's place is in it, "lost" if not, "trimmed" if retention took what
--          came next, "new" if the node knew none

local log = load()
local before = log and log.epoch
if not log then
  log = begin_log(ARGV[1], ARGV[2])
  before = log.epoch
elseif log.head > log.floor then
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  if not last or tonumber(string.match(last[1], '^%d+')) ~= log.head then lose_events(log, ARGV[1]) end
end

local is_new_run = log.run ~= ARGV[2]
if is_new_run and ARGV[3] ~= '1' and log.epoch == before then begin_epoch(log, ARGV[1]) end
log.run = ARGV[2]

local standing = 'new'
if ARGV[4] ~= '' then
  if log.epoch == before then check_memory(log, ARGV[4], ARGV[5], ARGV[6], ARGV[1]) end
  local seq = tonumber(ARGV[5])
  if ARGV[4] ~= log.epoch then standing = 'lost'
  elseif seq < log.floor then standing = 'trimmed'
  else standing = 'seen' end
end
-- Nothing is written without need, and that nothing was lost need not be: whoever asks next finds it out again. So a
-- Redis that takes no writes now can be read all the same.
if log.epoch ~= before or (is_new_run and takes_writes()) then save(log) end
return { state(log), standing }
