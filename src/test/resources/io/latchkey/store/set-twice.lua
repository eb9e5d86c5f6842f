redis.call('SET', KEYS[1], twice(tonumber(ARGV[1])))
return redis.call('GET', KEYS[1])
