-- A callback is over, or to be tried again.
local sequence, retry_at = ARGV[1], ARGV[2]
if retry_at == '' then
  call('ZREM', P .. 'callbacks_due', sequence)
  call('HDEL', P .. 'callbacks', sequence, sequence .. ':failures')
elseif call('HEXISTS', P .. 'callbacks', sequence) == 1 then
  call('ZADD', P .. 'callbacks_due', retry_at, sequence)
  call('HINCRBY', P .. 'callbacks', sequence .. ':failures', 1)
end
return { 1 }
