-- Leases messages of one provider, the most urgent first. A lease is an entry beside the message:
-- the message itself is written when its submit is settled.
local now = now_ms(ARGV[1])
local route, most, lease, host = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local ids, next_due = {}, math.huge

for priority = 3, 0, -1 do
  local queue = P .. 'q:' .. route .. ':' .. priority
  if #ids < most then
    local due = call('ZRANGEBYSCORE', queue, '-inf', whole(now), 'LIMIT', 0, most - #ids)
    if #due > 0 then
      call('ZREM', queue, unpack(due))
      for _, id in ipairs(due) do ids[#ids + 1] = id end
    end
  end
  local first = call('ZRANGE', queue, 0, 0, 'WITHSCORES')
  if first[2] then next_due = math.min(next_due, tonumber(first[2])) end
end

if next_due == math.huge then
  call('ZREM', P .. 'ready', route)
else
  call('ZADD', P .. 'ready', whole(next_due), route)
end

local answers = { whole(now), next_due == math.huge and false or whole(next_due) }
if #ids > 0 then
  local until_ms = whole(now + lease)
  local held = whole(now) .. ':' .. until_ms .. ':' .. host
  local timers, leases = {}, {}
  for _, id in ipairs(ids) do
    local record = call('HMGET', P .. 'm:' .. id, 'e', 'p', 'n')
    -- What was deleted by hand has only left the queue: nobody would ever end its lease.
    if record[1] and record[2] and record[3] then
      gather(timers, 'timers', until_ms, id)
      gather(leases, 'leases', id, held)
      answers[#answers + 1] = id
      for field = 1, 3 do answers[#answers + 1] = record[field] end
      answers[#answers + 1] = held
    end
  end
  flush('ZADD', timers)
  flush('HSET', leases)
  call('HINCRBY', P .. 'n', 'w:' .. route, -#ids)
end
return answers
