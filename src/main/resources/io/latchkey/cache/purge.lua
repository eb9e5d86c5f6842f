-- Notes a purge, with its audit entry or not at all. KEYS: the hash of purges. ARGV: link, scope, most scopes, ttl ms.
local link = cjson.decode(ARGV[1])
if audit_moved(link) then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
local id = string.format('%.0f', math.max(now, last + 1))
-- So many that a node would read for long: then everything.
local scope = ARGV[2]
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[1])
  scope = 'all'
end
redis.call('HSET', KEYS[1], scope, id, 'last', id)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
audit_append(link)
return tonumber(id)
