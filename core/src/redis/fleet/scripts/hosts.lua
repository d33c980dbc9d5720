-- KEYS: hosts, seen. Answers the time in seconds and microseconds, and for each host its name, when it
-- was seen in milliseconds, and what it said of itself.
local time = redis.call('TIME')
local answer = {time[1], time[2]}
local seen = redis.call('ZRANGE', KEYS[2], 0, 999, 'WITHSCORES')
for i = 1, #seen, 2 do
  answer[#answer + 1] = seen[i]
  answer[#answer + 1] = seen[i + 1]
  answer[#answer + 1] = redis.call('HGET', KEYS[1], seen[i]) or ''
end
return answer
