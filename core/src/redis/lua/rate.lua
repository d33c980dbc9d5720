-- Takes what a provider's rate has free, or gives back (a negative number) what was not used.
local now_us = now_ms(ARGV[1]) * 1000
local interval, window, wanted = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local key = P .. 'rate'
local stored = tonumber(call('GET', key) or '0')
local units = wanted
if wanted > 0 then
  local room = now_us + window - math.max(stored, now_us)
  units = math.max(0, math.min(wanted, math.floor(room / interval)))
  if units > 0 then stored = math.max(stored, now_us) end
end
if units ~= 0 then
  stored = stored + units * interval
  call('SET', key, whole(stored))
end
return { units, whole(stored), whole(now_us) }
