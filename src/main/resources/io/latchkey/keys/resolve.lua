-- A legacy token's digests (one for each pepper held) to its key, in one step.
local P = '{api_keys:valid}:'
for _, digest in ipairs(ARGV) do
  local id = redis.call('GET', P .. 'digest:' .. digest)
  if id then return {id, redis.call('GET', P .. 'key:' .. id)} end
end
return {}
