-- Asks every node, in the order of the changes, to write its evidence, or all, that it still holds in memory; returns the epoch to wait for.
local P = '{api_keys:valid}:'
redis.call('SETNX', P .. 'incarnation', ARGV[1])
local epoch = redis.call('INCR', P .. 'epoch')
redis.call('XADD', P .. 'changes', 'MAXLEN', '~', '100000', string.format('%.0f-0', epoch), 'flush', ARGV[2])
return epoch
