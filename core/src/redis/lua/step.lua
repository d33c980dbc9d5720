-- Writes steps of messages, each only where the message is as it was read: same number of steps,
-- same lease. What the step is was worked out by the caller.
local n = tonumber(ARGV[1])
local ids = {}
for k = 1, n do ids[k] = ARGV[1 + k] end
local leases = call('HMGET', P .. 'leases', unpack(ids))
local position = 1 + n
local function argument() position = position + 1; return ARGV[position] end

local zadd, zrem, hdel, counts, ready, answers = {}, {}, {}, {}, {}, {}
for k = 1, n do
  local id = ids[k]
  local steps, lease, progress, entry = argument(), argument(), argument(), argument()
  local from, from_route = argument(), argument()
  local to, to_route, score = argument(), argument(), argument()
  local open, callback, callback_due = argument(), argument(), argument()
  local key = P .. 'm:' .. id
  if call('HGET', key, 'n') ~= steps or (leases[k] or '') ~= lease then
    answers[k] = 0
  else
    if entry == '' then
      call('HSET', key, 'p', progress, 'n', steps + 1)
    else
      call('HSET', key, 'p', progress, 'n', steps + 1, steps, entry)
    end
    if from ~= to then gather(zrem, from, id) end
    gather(zadd, to, score, id)
    if lease ~= '' then gather(hdel, 'leases', id) end
    if from_route ~= '' then count(counts, 'w:' .. from_route, -1) end
    if to_route ~= '' then
      count(counts, 'w:' .. to_route, 1)
      ready[to_route] = math.min(ready[to_route] or math.huge, tonumber(score))
    end
    count(counts, 'open', tonumber(open))
    if callback ~= '' then
      local sequence = call('INCR', P .. 'sequence')
      call('HSET', P .. 'callbacks', sequence, callback)
      call('ZADD', P .. 'callbacks_due', callback_due, sequence)
    end
    answers[k] = 1
  end
end
flush('ZREM', zrem)
flush('ZADD', zadd)
flush('HDEL', hdel)
flush_counts(counts)
flush_ready(ready)
return answers
