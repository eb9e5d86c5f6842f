-- Takes digests whose deadline passed out of the set of usable ones.
local P = '{api_keys:valid}:'
local over = redis.call('ZRANGEBYSCORE', P .. 'deadlines', '-inf', ARGV[1], 'LIMIT', 0, 500)
if #over > 0 then
  redis.call('SREM', 'api_keys:valid', unpack(over))
  redis.call('ZREM', P .. 'deadlines', unpack(over))
end
return #over
