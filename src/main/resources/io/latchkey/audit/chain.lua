-- The audit chain's part of every change: refuse when the head moved, append otherwise.
local AUDIT_HEAD = '{api_keys:valid}:audit:head'
local AUDIT_LOG = '{api_keys:valid}:audit'

local function audit_moved(link)
  local head = redis.call('GET', AUDIT_HEAD) or ''
  if head ~= link.expectedHead then return head end
  return nil
end

local function audit_append(link)
  redis.call('XADD', AUDIT_LOG, string.format('%.0f-0', link.seq), 'entry', link.entry, 'mac', link.mac)
  redis.call('SET', AUDIT_HEAD, link.head)
end
