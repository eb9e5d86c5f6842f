-- Adds what one node saw of some keys since its last report.
local function add(id, uses)
  local key = '{api_keys:valid}:used:' .. id
  for _, use in ipairs(uses) do
    redis.call('HINCRBY', key, use.secret .. '.hits', use.hits)
    redis.call('HSETNX', key, use.secret .. '.first', string.format('%.0f', use.first))
    local last = tonumber(redis.call('HGET', key, use.secret .. '.last') or '0')
    if use.last > last then redis.call('HSET', key, use.secret .. '.last', string.format('%.0f', use.last)) end
    local callers = '{api_keys:valid}:callers:' .. id .. ':' .. use.secret
    for _, caller in ipairs(use.callers) do
      local known = redis.call('HEXISTS', callers, caller.who .. ' hits') == 1
      local who = (known or redis.call('HLEN', callers) < 200) and caller.who or '_other\t'
      redis.call('HINCRBY', callers, who .. ' hits', caller.hits)
      redis.call('HSET', callers, who .. ' last', string.format('%.0f', caller.last))
    end
    if #use.callers > 0 then redis.call('EXPIRE', callers, 3024000) end
  end
end
return each(cjson.decode(ARGV[1]), add)
