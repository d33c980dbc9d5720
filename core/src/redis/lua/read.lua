-- Messages by id with their leases.
local leases = call('HMGET', P .. 'leases', unpack(ARGV))
local answers = {}
for k, id in ipairs(ARGV) do
  local record = call('HMGET', P .. 'm:' .. id, 'e', 'p', 'n')
  for field = 1, 3 do answers[#answers + 1] = record[field] end
  answers[#answers + 1] = leases[k]
end
return answers
