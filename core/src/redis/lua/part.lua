-- Keeps a part of a long inbound message. Answers `waits`, `again`, `full`, or `whole` with the time of
-- the first part and all parts in order.
local now = now_ms(ARGV[1])
local message, route, number, total = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local about, payload, most = ARGV[6], ARGV[7], tonumber(ARGV[8])
local set, sets = P .. 'part:o:' .. message, P .. 'parts:' .. route

local function whole_or(answer, first)
  local numbers = {}
  for n = 1, total do numbers[n] = n end
  local parts = call('HMGET', set, unpack(numbers))
  for n = 1, total do
    if not parts[n] then return { answer } end
  end
  return { 'whole', first, unpack(parts) }
end

local first = call('HGET', set, 'f')
local before = first and call('HGET', set, number)
if before == payload then return whole_or('again', first) end

local mark, begins = call('GET', P .. 'part_done:' .. message), now
if mark then
  local expires, last, digests = string.match(mark, '^(%d+) (%d+) (%x+)$')
  if expires and tonumber(expires) > now then
    if string.sub(digests, number * 40 - 39, number * 40) == redis.sha1hex(payload) then return { 'again' } end
    begins = math.max(begins, tonumber(last) + 1)
  end
end

if not first or before then
  if call('ZCARD', sets) >= most then return { 'full' } end
  if before then
    -- The sender has used its reference again: the message that was there gets no further part.
    begins = math.max(begins, tonumber(first) + 1)
    local closed = 'c:' .. first .. ':' .. message
    call('RENAME', set, P .. 'part:' .. closed)
    call('ZREM', sets, 'o:' .. message)
    call('ZADD', sets, 0, closed)
  end
  first = whole(begins)
  call('HSET', set, 'k', about, 'f', first)
  call('ZADD', sets, first, 'o:' .. message)
  call('SADD', P .. 'parts_routes', route)
end
call('HSET', set, number, payload)
return whole_or('waits', first)
