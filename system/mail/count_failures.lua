-- Counts the provider's answers and opens the breaker after a run of failures.
--
-- KEYS[1]  hash  streak: failures in a row; opened_at: seconds of this server's clock, absent while closed
-- ARGV[1]  answers that were accepted
-- ARGV[2]  failures since the last accepted one (all failures when none was accepted)
-- ARGV[3]  failures in a row that open it
--
-- Returns 1 when this call opened it. A mail that was accepted late does not close it: only a probe does.
if tonumber(ARGV[1]) > 0 then
    redis.call('HSET', KEYS[1], 'streak', ARGV[2])
else
    redis.call('HINCRBY', KEYS[1], 'streak', ARGV[2])
end
local streak = tonumber(redis.call('HGET', KEYS[1], 'streak'))
if streak >= tonumber(ARGV[3]) then
    return redis.call('HSETNX', KEYS[1], 'opened_at', redis.call('TIME')[1])
end
return 0
