-- Judges a cursor that a client brought.
--
-- KEYS     the log's three
-- ARGV[1]  its epoch; then its number, its tag
-- Answers  "valid", "trimmed", "diverged" or "epoch"; nil if there is no log

local log = load()
if not log then return nil end
local seq = tonumber(ARGV[2])
if ARGV[1] ~= log.epoch then return 'epoch' end
if seq > log.head then return 'diverged' end
if seq < log.floor then return 'trimmed' end
return tag_of(log, seq) == ARGV[3] and 'valid' or 'diverged'
