-- A new version of the configuration, if none has come since. KEYS: config, files.
-- ARGV: version that it follows (empty: whichever), the record, how many versions are kept, and the
-- hashes of the files that have to be there.
-- Answers 1 and the new version; 0 and the version that is there; or 2, that version and the hash of a
-- file that is missing.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if ARGV[1] ~= '' and tonumber(ARGV[1]) ~= version then
  return {0, version}
end
for i = 4, #ARGV do
  if redis.call('HEXISTS', KEYS[2], ARGV[i]) == 0 then
    return {2, version, ARGV[i]}
  end
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
version = version + 1
redis.call('HSET', KEYS[1], 'version', version, 'v' .. version, now .. ' ' .. ARGV[2])
redis.call('HDEL', KEYS[1], 'v' .. (version - ARGV[3]))
return {1, version}
