-- Takes in requests: repetition, opt-outs, limits and enqueue, each request as a whole or not at all.
local now = now_ms(ARGV[1])
local now_us = now * 1000
local position = 2
local function argument() position = position + 1; return ARGV[position] end

local rates, taps, caps, open, has_opt_outs = {}, {}, {}, nil, nil
local zadd, counts, ready = {}, {}, {}
local answers = { whole(now) }
local function answer(code, detail)
  answers[#answers + 1] = code
  answers[#answers + 1] = detail or ''
end

-- Generic cell rate algorithm, as `core::rate::Rate::take`. Gives what is to be stored, or nothing
-- and what is stored.
local function take(field, cost, window)
  local stored = rates[field] or tonumber(call('HGET', P .. 'rate', field) or '0')
  rates[field] = stored
  local after = math.max(stored, now_us) + cost
  if after - math.max(window, cost) > now_us then return nil, stored end
  return after
end

local function cap_count(key)
  if not caps[key] then caps[key] = tonumber(call('GET', P .. key) or '0') end
  return caps[key]
end

local function seen(key, hash)
  local value = call('GET', P .. 'idem:' .. key)
  if not value then return nil end
  local expires, before, ids = string.match(value, '^(%d+) (%x+) (.*)$')
  if not expires or tonumber(expires) <= now then return nil end
  if before ~= hash then return 'reused' end
  return 'replayed', ids
end

-- The places, from 0, of messages whose recipient wants none: from that sender or from all of them.
local function opted_out(messages)
  if has_opt_outs == nil then has_opt_outs = call('EXISTS', P .. 'opt_outs') == 1 end
  if not has_opt_outs then return nil end
  local places = {}
  for m, message in ipairs(messages) do
    if message.address ~= '' then
      local all = message.address .. ' '
      local found = call('HMGET', P .. 'opt_outs', all, all .. message.sender)
      if found[1] or found[2] then places[#places + 1] = whole(m - 1) end
    end
  end
  if #places > 0 then return 'opted_out', table.concat(places, ' ') end
end

for _ = 1, tonumber(ARGV[2]) do
  local idem, hash, idem_ms = argument(), argument(), argument()
  local key_field = 'k:' .. argument()
  local tenant_cost, tenant_window = argument(), argument()
  local key_cost, key_window = argument(), argument()
  local queue_max, admitted = argument(), tonumber(argument())
  local hour_cap, day_cap = argument(), argument()
  local messages = {}
  for m = 1, tonumber(argument()) do
    messages[m] = { id = argument(), envelope = argument(), progress = argument(), entry = argument(),
      set = argument(), score = argument(), route = argument(), open = tonumber(argument()),
      address = argument(), sender = argument(), client_ref = argument(), day = argument() }
  end

  local code, detail
  local take_rates, take_caps = {}, {}
  if idem ~= '' then code, detail = seen(idem, hash) end
  if not code then
    for _, message in ipairs(messages) do
      if call('EXISTS', P .. 'm:' .. message.id) == 1 then code = 'taken'; break end
    end
  end
  if not code then code, detail = opted_out(messages) end
  if not code and tenant_cost ~= '' then
    local after, stored = take('t', tonumber(tenant_cost), tonumber(tenant_window))
    if after then take_rates.t = after else code, detail = 'tenant_rate', whole(stored) end
  end
  if not code and key_cost ~= '' then
    local after, stored = take(key_field, tonumber(key_cost), tonumber(key_window))
    if after then take_rates[key_field] = after else code, detail = 'key_rate', whole(stored) end
  end
  if not code and queue_max ~= '' then
    open = open or tonumber(call('HGET', P .. 'n', 'open') or '0')
    local room = math.max(0, tonumber(queue_max) - open)
    if admitted > room then code, detail = 'queue', whole(room) end
  end
  if not code and (hour_cap ~= '' or day_cap ~= '') then
    -- The longer window first: where both are full, its end is the true answer.
    local windows = { { 'day', day_cap, 86400000 }, { 'hour', hour_cap, 3600000 } }
    for m, message in ipairs(messages) do
      if message.address ~= '' then
        for _, window in ipairs(windows) do
          if window[2] ~= '' and not code then
            local name = 'cap:' .. window[1] .. ':' .. whole(now - now % window[3]) .. ':' .. message.address
            local tap = take_caps[name] or { by = 0, lasts = window[3] }
            if cap_count(name) + tap.by >= tonumber(window[2]) then code, detail = window[1], whole(m - 1) end
            tap.by = tap.by + 1
            take_caps[name] = tap
          end
        end
      end
      if code then break end
    end
  end

  if code then
    answer(code, detail)
  else
    for field, after in pairs(take_rates) do rates[field] = after; taps[field] = after end
    for name, tap in pairs(take_caps) do
      caps[name] = caps[name] + tap.by
      call('SET', P .. name, caps[name], 'PX', tap.lasts * 2)
    end
    local ids = {}
    for m, message in ipairs(messages) do
      ids[m] = message.id
      call('HSET', P .. 'm:' .. message.id, 'e', message.envelope, 'p', message.progress, 'n', 1, 0, message.entry)
      gather(zadd, message.set, message.score, message.id)
      gather(zadd, 'day:' .. message.day, 0, message.id)
      gather(zadd, 'days', message.day, message.day)
      if message.client_ref ~= '' then gather(zadd, 'cr:' .. message.client_ref, 0, message.id) end
      if message.route ~= '' then
        count(counts, 'w:' .. message.route, 1)
        ready[message.route] = math.min(ready[message.route] or math.huge, tonumber(message.score))
      end
      count(counts, 'open', message.open)
      if open then open = open + message.open end
    end
    if idem ~= '' then
      local expires = whole(now + tonumber(idem_ms))
      call('SET', P .. 'idem:' .. idem, expires .. ' ' .. hash .. ' ' .. table.concat(ids, ' '), 'PX', idem_ms)
    end
    answer('stored')
  end
end

for field, after in pairs(taps) do call('HSET', P .. 'rate', field, whole(after)) end
flush('ZADD', zadd)
flush_counts(counts)
flush_ready(ready)
return answers
