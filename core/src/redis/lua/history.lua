-- Messages by id as they were taken in: envelope, progress (for the validity), first entry of the trace.
local answers = {}
for _, id in ipairs(ARGV) do
  local record = call('HMGET', P .. 'm:' .. id, 'e', 'p', '0')
  for field = 1, 3 do answers[#answers + 1] = record[field] end
end
return answers
