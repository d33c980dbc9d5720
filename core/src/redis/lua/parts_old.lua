-- Messages that wait no longer for their parts, with what is there. From now on no part is added to
-- them: what comes later begins anew, so nothing is added to what was delivered.
local now, lasts, most = now_ms(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local answers = {}
for _, route in ipairs(call('SMEMBERS', P .. 'parts_routes')) do
  local sets = P .. 'parts:' .. route
  for _, name in ipairs(call('ZRANGEBYSCORE', sets, '-inf', whole(now - lasts), 'LIMIT', 0, most)) do
    local first = call('HGET', P .. 'part:' .. name, 'f')
    if not first then
      call('ZREM', sets, name)
    else
      if string.sub(name, 1, 2) == 'o:' then
        local closed = 'c:' .. first .. ':' .. string.sub(name, 3)
        call('RENAME', P .. 'part:' .. name, P .. 'part:' .. closed)
        call('ZREM', sets, name)
        call('ZADD', sets, 0, closed)
        name = closed
      end
      local fields = call('HGETALL', P .. 'part:' .. name)
      answers[#answers + 1] = #fields
      for _, field in ipairs(fields) do answers[#answers + 1] = field end
      most = most - 1
    end
  end
end
return answers
