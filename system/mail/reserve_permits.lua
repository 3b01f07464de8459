-- Reserves the starts of n mails of one account, so that no rolling window ever holds more than the limit.
--
-- GCRA with a burst of one keeps neighbouring starts apart; the log of the last `limit` starts keeps every
-- window. A process that was held up costs nothing: others, or it itself, catch up within the window.
--
-- KEYS[1]  sorted set  the last `limit` starts: number of the permit -> microseconds of this server's clock
-- KEYS[2]  string      number of permits ever reserved
-- KEYS[3]  string      until when nothing may start, in microseconds (lost memory, the provider's Retry-After)
-- KEYS[4]  string      run id of the server that wrote all this; another one's means that it was restarted or replaced
-- ARGV[1]  n, how many starts
-- ARGV[2]  limit, how many starts a window may hold
-- ARGV[3]  the window in microseconds
-- ARGV[4]  the least distance of two starts in microseconds
-- ARGV[5]  the horizon: how far ahead, in microseconds, a first start may lie
-- ARGV[6]  what is left of the provider's pause in microseconds, by the database; empty when it wasn't asked
--
-- Returns {server, now, number of the first permit, start, start, ...}, {server, now, 0, microseconds to wait}, or
-- {server, now, -1} when the database has to be asked.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local n, limit, window, gap = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local horizon = tonumber(ARGV[5])
local function whole(number) return string.format('%.0f', number) end

-- A server that was flushed, restarted or replaced has forgotten starts of the last window and starts that are
-- still to come within the horizon, and a pause that the provider asked for. Nothing is granted until all have passed.
-- The server itself is asked, since clients reconnect without a word.
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
if redis.call('GET', KEYS[4]) ~= server then
    if ARGV[6] == '' then return {server, whole(now), -1} end
    local known = tonumber(redis.call('GET', KEYS[3]) or '0')
    redis.call('SET', KEYS[3], whole(math.max(known, now + horizon + window, now + tonumber(ARGV[6]))))
    redis.call('SET', KEYS[4], server)
end

local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
local free = math.max(now, tonumber(redis.call('GET', KEYS[3]) or '0'), last[2] and last[2] + gap or 0)
local first_number = 0
local starts = {}
for i = 1, n do
    local oldest = redis.call('ZRANGE', KEYS[1], -limit, -limit, 'WITHSCORES')
    local start = math.max(free, oldest[2] and oldest[2] + window or 0)
    if i == 1 and start - now > horizon then
        return {server, whole(now), 0, whole(start - now - horizon)}
    end
    local number = redis.call('INCR', KEYS[2])
    first_number = i == 1 and number or first_number
    redis.call('ZADD', KEYS[1], whole(start), number)
    starts[i] = whole(start)
    free = start + gap
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -limit - 1)
return {server, whole(now), first_number, unpack(starts)}
