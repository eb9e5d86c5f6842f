-- Takes calls from all policies of a caller, or from none. KEYS: one counter a policy, its time to live is its window.
-- ARGV: cost of a call, calls that wait, calls wanted besides in advance, of what is then left at most 1/share of it;
-- then of each policy: quota, window, 1 = shadow, units paid in advance, the end of the window they were paid in.
-- Returns: calls granted, calls in advance; then of each policy: units used, milliseconds left, end of the window (0 =
-- not begun), units still paid in advance, calls that a shadow policy would have refused.
local cost, waiting, ahead, share = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local policies = {}
local granted = waiting
for i, key in ipairs(KEYS) do
  local at = 4 + (i - 1) * 5
  local policy = {key = key, shadow = ARGV[at + 3] == '1', paid = 0, begun = true}
  policy.used = tonumber(redis.call('GET', key) or '') or 0
  policy.ends = redis.call('PEXPIRETIME', key)
  if policy.ends <= 0 then
    policy.used, policy.begun, policy.ends = 0, false, window_end(ARGV[at + 2], now)
  elseif tonumber(ARGV[at + 5]) == policy.ends then
    policy.paid = tonumber(ARGV[at + 4])
  end
  -- A quota that was lowered may leave less than nothing.
  policy.fits = math.max(0, math.floor((tonumber(ARGV[at + 1]) - policy.used + policy.paid) / cost))
  if not policy.shadow then granted = math.min(granted, policy.fits) end
  policies[i] = policy
end
if granted < waiting then ahead = 0 end
for _, policy in ipairs(policies) do
  if not policy.shadow then ahead = math.min(ahead, math.floor((policy.fits - granted) / share)) end
end
local calls = granted + ahead
local answer = {granted, ahead}
for _, policy in ipairs(policies) do
  local taken = policy.shadow and math.min(calls, policy.fits) or calls
  local due = taken * cost - policy.paid
  if due > 0 then
    policy.used, policy.begun = policy.used + due, true
    redis.call('SET', policy.key, string.format('%.0f', policy.used), 'PXAT', string.format('%.0f', policy.ends))
  end
  answer[#answer + 1] = policy.used
  answer[#answer + 1] = math.max(1, policy.ends - now)
  answer[#answer + 1] = policy.begun and policy.ends or 0
  answer[#answer + 1] = math.max(0, -due)
  answer[#answer + 1] = calls - taken
end
return answer
