-- Writes a circuit if nobody has since. KEYS: circuits. ARGV: route, version it follows, the circuit.
-- Answers 1 and the new version, or 0 with the version and the circuit that are there.
local there = redis.call('HGET', KEYS[1], ARGV[1])
local version, circuit = '0', ''
if there then
  version, circuit = string.match(there, '^(%d+) (.*)$')
end
if version ~= ARGV[2] then
  return {0, version, circuit}
end
local new = redis.call('HINCRBY', KEYS[1], '#', 1)
redis.call('HSET', KEYS[1], ARGV[1], new .. ' ' .. ARGV[3])
return {1, new}
