-- Begins a new epoch.
--
-- KEYS     the log's three
-- ARGV[1]  an epoch that was never used
-- Answers  the log's state; nil if there is no log

local log = load()
if not log then return nil end
check_events(log, ARGV[1])
if log.epoch ~= ARGV[1] then begin_epoch(log, ARGV[1]) end
save(log)
return state(log)
