-- Callbacks that are due, held back from others for a while.
local now, hold, most = now_ms(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local answers = {}
for _, sequence in ipairs(call('ZRANGEBYSCORE', P .. 'callbacks_due', '-inf', whole(now), 'LIMIT', 0, most)) do
  local callback = call('HMGET', P .. 'callbacks', sequence, sequence .. ':failures')
  if callback[1] then
    call('ZADD', P .. 'callbacks_due', whole(now + hold), sequence)
    answers[#answers + 1] = sequence
    answers[#answers + 1] = callback[1]
    answers[#answers + 1] = callback[2] or '0'
  else
    call('ZREM', P .. 'callbacks_due', sequence)
  end
end
return answers
