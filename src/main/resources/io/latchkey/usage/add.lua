-- Adds what one node counted of one day, once: a batch whose answer was lost comes again.
local writers, writer, number, keep = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
if tonumber(redis.call('HGET', writers, writer) or '0') >= number then return 0 end
redis.call('HSET', writers, writer, ARGV[2])
redis.call('EXPIRE', writers, keep)
local day = string.sub(writers, 1, -string.len('writers') - 1)
local function add(whose, field, sums)
  local total = {}
  for old in string.gmatch(redis.call('HGET', day .. whose, field) or '', '%d+') do table.insert(total, tonumber(old)) end
  for i, more in ipairs(sums) do total[i] = (total[i] or 0) + more end
  for i, sum in ipairs(total) do total[i] = string.format('%.0f', sum) end
  redis.call('HSET', day .. whose, field, table.concat(total, ' '))
  redis.call('EXPIRE', day .. whose, keep)
end
return each(cjson.decode(ARGV[4]), function(_, cell)
  local key, owner, field, sums = cell[1], cell[2], cell[3], cell[4]
  add('all', field, sums)
  add('key:' .. key, field, sums)
  if owner ~= '' then add('owner:' .. owner, field, sums) end
end)
