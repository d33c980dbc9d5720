-- Deletes messages that are as they were read.
local dropped = 0
for k = 1, #ARGV, 5 do
  local id, steps, set, day, client_ref = ARGV[k], ARGV[k + 1], ARGV[k + 2], ARGV[k + 3], ARGV[k + 4]
  if call('HGET', P .. 'm:' .. id, 'n') == steps then
    call('DEL', P .. 'm:' .. id)
    call('ZREM', P .. set, id)
    if call('ZREM', P .. 'day:' .. day, id) == 1 and call('EXISTS', P .. 'day:' .. day) == 0 then
      call('ZREM', P .. 'days', day)
    end
    if client_ref ~= '' then call('ZREM', P .. 'cr:' .. client_ref, id) end
    dropped = dropped + 1
  end
end
return { dropped }
