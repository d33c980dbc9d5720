-- Writes or removes something registered, where it is as the change expects it.
-- ARGV: kind, name, the version that it has to have (0: it is not there), and what it becomes
-- (`<version> <record>`); without that it is removed.
local items = P .. 'registry:' .. ARGV[1]
local found = call('HGET', items, ARGV[2])
local version = found and string.match(found, '^%d+') or '0'
if version ~= ARGV[3] then return { 0 } end
if ARGV[4] then call('HSET', items, ARGV[2], ARGV[4]) else call('HDEL', items, ARGV[2]) end
return { 1 }
