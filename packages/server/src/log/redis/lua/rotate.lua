-- Begins a new epoch.
--
-- KEYS     the log's three
-- ARGV[1]  an epoch that was never used
-- Answers  the log's state; nil if there is no log

local log = load()
if not log then return nil end
begin_epoch(log, ARGV[1])
save(log)
return state(log)
