-- What a host asks several times a second. KEYS: circuits, config, hosts, seen, registry.
-- ARGV: version of the circuits that it knows, its name (empty: no sign of life now), what it says of
-- itself, and for how many milliseconds a host that is gone is still listed.
-- Answers: seconds and microseconds of the time, version of the configuration, of what is registered, and
-- of the circuits; where the last is another one, route and circuit of each.
local time = redis.call('TIME')
local config = redis.call('HGET', KEYS[2], 'version') or '0'
local circuits = redis.call('HGET', KEYS[1], '#') or '0'
local registry = redis.call('GET', KEYS[5]) or '0'
local answer = {time[1], time[2], config, registry, circuits}
if circuits ~= ARGV[1] then
  for _, item in ipairs(redis.call('HGETALL', KEYS[1])) do
    answer[#answer + 1] = item
  end
end
if ARGV[2] ~= '' then
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
  redis.call('ZADD', KEYS[4], string.format('%.0f', now), ARGV[2])
  local gone = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now - ARGV[4]), 'LIMIT', 0, 10)
  for _, name in ipairs(gone) do
    redis.call('HDEL', KEYS[3], name)
    redis.call('ZREM', KEYS[4], name)
  end
end
return answer
