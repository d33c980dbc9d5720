-- KEYS[1] is the prefix of all keys that a script touches; it ends in the slot's hash tag.
local P = KEYS[1]
local call = redis.call

local function whole(number) return string.format('%.0f', number) end

-- Redis's own time, unless the caller brings one.
local function now_ms(given)
  if given ~= '0' then return tonumber(given) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function gather(into, key, ...)
  local list = into[key]
  if not list then list = {}; into[key] = list end
  for k = 1, select('#', ...) do list[#list + 1] = (select(k, ...)) end
end

-- One command for each key with all that was gathered for it, in portions that Lua's stack holds.
local function flush(command, gathered)
  for key, list in pairs(gathered) do
    for first = 1, #list, 4000 do
      call(command, P .. key, unpack(list, first, math.min(first + 3999, #list)))
    end
  end
end

local function count(counts, field, by) counts[field] = (counts[field] or 0) + by end

local function flush_counts(counts)
  for field, by in pairs(counts) do
    if by ~= 0 then call('HINCRBY', P .. 'n', field, by) end
  end
end

-- When the first of a provider's messages falls due, as a bound from below.
local function flush_ready(ready)
  for route, due in pairs(ready) do call('ZADD', P .. 'ready', 'LT', whole(due), route) end
end
