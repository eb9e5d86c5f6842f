-- Keeps answers of one resource, unless it was invalidated since they were asked for.
-- KEYS: the resource's epoch, then places. ARGV: the epoch expected ('' = none), the one to leave, a time in ms, slots.
local epoch = redis.call('GET', KEYS[1]) or ''
if epoch ~= ARGV[1] then return 0 end
local ms = tonumber(ARGV[3])
for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 2], 'PX', ms) end
-- Gone before its answers, the epoch would take them with it.
if epoch == '' or redis.call('PTTL', KEYS[1]) < ms then redis.call('SET', KEYS[1], ARGV[2], 'PX', ms) end
return 1
