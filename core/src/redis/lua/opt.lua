-- A recipient wants no more messages, or messages again. ARGV: `<number> <sender>` (no sender: all of
-- them), 1 or 0 for out or in, and when.
local known, sorted = P .. 'opt_outs', P .. 'opt_outs_sorted'
if ARGV[2] == '1' then
  if call('HSETNX', known, ARGV[1], ARGV[3]) == 0 then return { 0 } end
  call('ZADD', sorted, 0, ARGV[1])
  return { 1 }
end
call('ZREM', sorted, ARGV[1])
return { call('HDEL', known, ARGV[1]) }
