-- Gives a component its name once all of it is there. ARGV: key of its parts, its own, and its bytes.
local parts, whole_name = P .. ARGV[1], P .. ARGV[2]
if call('EXISTS', parts) == 0 or call('STRLEN', parts) ~= tonumber(ARGV[3]) then return { 0 } end
call('RENAME', parts, whole_name)
call('PERSIST', whole_name)
return { 1 }
