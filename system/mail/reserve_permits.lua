-- Reserves n consecutive sending slots of one account (GCRA with a burst of one).
--
-- KEYS[1]  string  the first free slot, in microseconds of this server's clock
-- KEYS[2]  string  until when nothing may be sent, same unit (the provider's Retry-After)
-- ARGV[1]  n, how many slots
-- ARGV[2]  microseconds between two slots
-- ARGV[3]  the furthest ahead, in microseconds, that a first slot may lie
-- ARGV[4]  1 when the caller lost its connection since its last call, else 0
--
-- Returns {1, first slot, now} with n slots reserved, or {0, microseconds to wait, now} with none.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local period, horizon = tonumber(ARGV[2]), tonumber(ARGV[3])
local free = tonumber(redis.call('GET', KEYS[1]))

-- A server that was flushed, restarted or replaced has forgotten slots that may still be used:
-- they all lie within the horizon, so nothing is granted before it.
if free == nil or ARGV[4] == '1' then
    free = math.max(free or 0, now + horizon)
    redis.call('SET', KEYS[1], string.format('%.0f', free))
    return {0, string.format('%.0f', period), string.format('%.0f', now)}
end

local first = math.max(free, now, tonumber(redis.call('GET', KEYS[2]) or '0'))
if first - now > horizon then
    return {0, string.format('%.0f', first - now - horizon + period), string.format('%.0f', now)}
end
redis.call('SET', KEYS[1], string.format('%.0f', first + ARGV[1] * period))
return {1, string.format('%.0f', first), string.format('%.0f', now)}
