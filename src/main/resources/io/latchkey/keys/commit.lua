-- One change of the key store: records, the set of usable digests, deadlines, epoch, change stream and audit, or nothing.
local P = '{api_keys:valid}:'
local VALID = 'api_keys:valid'
local plan = cjson.decode(ARGV[1])

-- Bookkeeping of the gateway itself, such as a new digest of the same secret, is no operator's act and has no entry.
local audited = type(plan.link) == 'table'
local moved = audited and audit_moved(plan.link)
if moved then return {'moved', moved} end
for _, guard in ipairs(plan.guards) do
  local held = redis.call('GET', P .. guard.name)
  if held then return {'guarded', held} end
end
if type(plan.onlyIfEmpty) == 'string' and redis.call('ZCARD', P .. plan.onlyIfEmpty) > 0 then return {'guarded', ''} end
for _, change in ipairs(plan.changes) do
  local stored = redis.call('GET', P .. 'key:' .. change.id)
  local version = stored and tonumber(string.match(stored, '^%d+')) or 0
  if version ~= change.version then return {'stale', change.id} end
  for _, digest in ipairs(change.point) do
    local owner = redis.call('GET', P .. 'digest:' .. digest)
    if owner and owner ~= change.id then return {'taken', owner} end
  end
end

redis.call('SETNX', P .. 'incarnation', plan.incarnation)
for _, guard in ipairs(plan.guards) do
  if guard.ttl > 0 then redis.call('SET', P .. guard.name, guard.value, 'EX', guard.ttl)
  else redis.call('SET', P .. guard.name, guard.value) end
end
local time = redis.call('TIME')
local at = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
local versions = {'done'}
for _, change in ipairs(plan.changes) do
  local epoch = redis.call('INCR', P .. 'epoch')
  versions[#versions + 1] = epoch
  redis.call('SET', P .. 'key:' .. change.id, string.format('%.0f', epoch) .. '\n' .. change.record)
  if change.version == 0 then redis.call('ZADD', P .. change.index, 0, change.id) end
  for _, digest in ipairs(change.remove) do
    redis.call('SREM', VALID, digest)
    redis.call('ZREM', P .. 'deadlines', digest)
  end
  for _, usable in ipairs(change.add) do
    redis.call('SADD', VALID, usable.digest)
    if usable.deadline > 0 then redis.call('ZADD', P .. 'deadlines', string.format('%.0f', usable.deadline), usable.digest) end
  end
  for _, digest in ipairs(change.unpoint) do redis.call('DEL', P .. 'digest:' .. digest) end
  for _, digest in ipairs(change.point) do redis.call('SET', P .. 'digest:' .. digest, change.id) end
  for _, pepper in ipairs(change.peppers) do redis.call('SADD', P .. 'peppers', pepper) end
  if change.due > 0 then redis.call('ZADD', P .. 'due', string.format('%.0f', change.due), change.id)
  else redis.call('ZREM', P .. 'due', change.id) end
  for _, rotation in ipairs(change.rotations) do
    redis.call('HSET', P .. 'rotations:' .. change.id, rotation.id, rotation.json)
  end
  redis.call('XADD', P .. 'changes', 'MAXLEN', '~', '100000', string.format('%.0f-0', epoch), 'key', change.id, 'at', at)
end
if audited then audit_append(plan.link) end
return versions
