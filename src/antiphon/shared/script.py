"""What the Redis server runs: one script for each step, so that nothing comes in between, by the server's own clock.

Numbers travel as text with all their digits: Redis cuts a script's numbers to whole ones.
"""

from __future__ import annotations

from hashlib import sha1

_CLOCK = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local function text(number) return string.format('%.17g', number) end
"""

LEASE = (
    _CLOCK
    + """
-- KEYS: the limit, its workers. ARGV: worker, patience, span, then name rate burst need want of each dimension.
local worker, patience, span = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local known = {}
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do known[flat[i]] = tonumber(flat[i + 1]) end
if known['at'] and now < known['at'] then
    -- The clock was set back (another server took over): debts stay as long as they were.
    local back = now - known['at']
    for name, value in pairs(known) do known[name] = value + back end
    redis.call('DEL', KEYS[2])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. text(now - 2 * span))
redis.call('ZADD', KEYS[2], text(now), worker)
redis.call('PEXPIRE', KEYS[2], math.ceil(span * 2000) + 1000)
local workers = redis.call('ZCARD', KEYS[2])

local start = math.max(now, known['front'] or now)
local rows = {}
for i = 4, #ARGV, 5 do
    local row = {name = 'full:' .. ARGV[i]}
    for n, field in ipairs({'rate', 'burst', 'need', 'want'}) do row[field] = tonumber(ARGV[i + n]) end
    row.full = math.max(known[row.name] or now, now)
    if row.need > 0 then start = math.max(start, row.full - math.max(0, row.burst - row.need) / row.rate) end
    rows[#rows + 1] = row
end
local granted = start - now <= patience
local answer = {text(start - now), workers}
local last = start
for _, row in ipairs(rows) do
    if granted then
        local part = math.max(row.rate * span, row.burst / 100) / workers
        local units = math.max(row.need, math.min(row.want, part))
        local base = row.full
        if units > 0 then base = math.max(row.full, start) end
        row.full = base + units / row.rate
        answer[#answer + 1] = text(units)
        answer[#answer + 1] = text(base - row.burst / row.rate - now)
    end
    known[row.name] = row.full
end
known['at'] = now
if granted then known['front'] = start end
local fields = {}
for name, value in pairs(known) do
    last = math.max(last, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = text(value)
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], math.ceil((last - now + 60 + 2 * span) * 1000))
return answer
"""
)

SWAP = """
-- KEYS: the value. ARGV: has expected, expected, has value, value, milliseconds (0 for ever).
local current = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
    if current ~= ARGV[2] then return 0 end
elseif current then
    return 0
end
if ARGV[3] == '0' then
    redis.call('DEL', KEYS[1])
elseif ARGV[5] == '0' then
    redis.call('SET', KEYS[1], ARGV[4])
else
    redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
end
return 1
"""

COUNT = """
-- KEYS: one for each change. ARGV: amount, most ('' for no bound), milliseconds (0 for ever) of each.
local sums, done = {}, 1
for i, key in ipairs(KEYS) do
    local amount, most = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
    local value = sums[key] or tonumber(redis.call('GET', key) or '0')
    if amount > 0 and most and value + amount > most then done = 0 end
    sums[key] = value + amount
end
local answer = {done}
for i, key in ipairs(KEYS) do
    if done == 1 and ARGV[3 * i - 2] ~= '0' then
        local new = redis.call('EXISTS', key) == 0
        redis.call('INCRBY', key, ARGV[3 * i - 2])
        if new and ARGV[3 * i] ~= '0' then redis.call('PEXPIRE', key, ARGV[3 * i]) end
    end
end
for _, key in ipairs(KEYS) do answer[#answer + 1] = redis.call('GET', key) or '0' end
return answer
"""


def digest(script: str) -> str:
    """The name by which the server knows a script it has seen."""
    return sha1(script.encode(), usedforsecurity=False).hexdigest()
