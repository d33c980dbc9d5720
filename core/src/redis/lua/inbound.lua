-- Puts a message into its inbox, once.
local seen, lasts, inbox, inbound = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if seen ~= '' and not call('SET', P .. 'in:' .. seen, 1, 'NX', 'PX', lasts) then return { 0 } end
local sequence = call('INCR', P .. 'sequence')
call('XADD', P .. 'inbox:' .. inbox, sequence .. '-0', 'm', inbound)
return { 1 }
