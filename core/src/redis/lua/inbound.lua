-- Puts a message into inboxes, once. After what makes it known: most inboxes that no configuration names,
-- the usual inbox and the message as it is there, then pairs of an inbox and the message as it is there.
local seen, lasts, inboxes_max, usual = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if seen ~= '' and not call('SET', P .. 'in:' .. seen, 1, 'NX', 'PX', lasts) then return { 0 } end

local function may_be(inbox)
  if inbox == usual or call('SISMEMBER', P .. 'inboxes', inbox) == 1 then return true end
  if call('SCARD', P .. 'inboxes') >= inboxes_max then return false end
  return call('SADD', P .. 'inboxes', inbox) == 1
end

local is_in = {}
for a = 6, #ARGV, 2 do
  local inbox, message = ARGV[a], ARGV[a + 1]
  if not may_be(inbox) then inbox, message = usual, ARGV[5] end
  if not is_in[inbox] then
    is_in[inbox] = true
    local sequence = call('INCR', P .. 'sequence')
    call('XADD', P .. 'inbox:' .. inbox, sequence .. '-0', 'm', message)
  end
end
return { 1 }
