-- Puts a message into inboxes, once: pairs of an inbox and the message as it is there.
local seen, lasts = ARGV[1], ARGV[2]
if seen ~= '' and not call('SET', P .. 'in:' .. seen, 1, 'NX', 'PX', lasts) then return { 0 } end
for a = 3, #ARGV, 2 do
  local sequence = call('INCR', P .. 'sequence')
  call('XADD', P .. 'inbox:' .. ARGV[a], sequence .. '-0', 'm', ARGV[a + 1])
end
return { 1 }
