-- Remembers which messages a provider means by its references, and gives the receipts that came
-- before. They stay until they are known to be applied.
local lasts = ARGV[1]
local some = call('EXISTS', P .. 'orphans') == 1
local answers = {}
for k = 2, #ARGV, 2 do
  call('SET', P .. 'ref:' .. ARGV[k], ARGV[k + 1], 'PX', lasts)
  if some and call('ZSCORE', P .. 'orphans', ARGV[k]) then
    for _, receipt in ipairs(call('LRANGE', P .. 'orphan:' .. ARGV[k], 0, -1)) do
      answers[#answers + 1] = ARGV[k]
      answers[#answers + 1] = receipt
    end
  end
end
return answers
