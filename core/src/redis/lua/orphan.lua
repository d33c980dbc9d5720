-- Keeps a receipt for a message that is not known by its reference yet. Gives the message where it
-- has become known meanwhile.
local reference, at, receipt, lasts, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local message = call('GET', P .. 'ref:' .. reference)
if message then return { message } end
local function forget(old)
  for _, name in ipairs(old) do call('DEL', P .. 'orphan:' .. name) end
  if #old > 0 then call('ZREM', P .. 'orphans', unpack(old)) end
end
forget(call('ZRANGEBYSCORE', P .. 'orphans', '-inf', whole(tonumber(at) - lasts), 'LIMIT', 0, 100))
local over = call('ZCARD', P .. 'orphans') + 1 - most
if over > 0 then forget(call('ZRANGE', P .. 'orphans', 0, math.min(over, 100) - 1)) end
call('ZADD', P .. 'orphans', at, reference)
-- A provider that repeats itself without end is not kept without end.
if call('RPUSH', P .. 'orphan:' .. reference, receipt) > 20 then call('LPOP', P .. 'orphan:' .. reference) end
call('PEXPIRE', P .. 'orphan:' .. reference, lasts)
return { false }
