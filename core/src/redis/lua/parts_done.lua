-- Forgets the parts of a message. One that was whole is known again for a while.
local now = now_ms(ARGV[1])
local message, route, first, total, lasts = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local name = 'o:' .. message
if call('HGET', P .. 'part:' .. name, 'f') ~= first then name = 'c:' .. first .. ':' .. message end
local set, sets = P .. 'part:' .. name, P .. 'parts:' .. route

local digests = {}
for n = 1, total do
  local part = call('HGET', set, n)
  if part then digests[#digests + 1] = redis.sha1hex(part) end
end
if #digests == total then
  local mark = whole(now + tonumber(lasts)) .. ' ' .. first .. ' ' .. table.concat(digests)
  call('SET', P .. 'part_done:' .. message, mark, 'PX', lasts)
end
call('DEL', set)
call('ZREM', sets, name)
if call('EXISTS', sets) == 0 then call('SREM', P .. 'parts_routes', route) end
return { 1 }
