-- Does something with each item. Bad data spoils its own item and no other; a Redis that writes nothing at present refuses
-- all, at the first. Returns how many were spoilt, or the refusal.
local function each(items, act)
  local spoilt = 0
  for name, item in pairs(items) do
    local done, failure = pcall(act, name, item)
    if not done then
      local why = type(failure) == 'table' and failure.err or failure
      for _, refusal in ipairs({'NOREPLICAS', 'READONLY', 'MISCONF', 'OOM ', 'NOPERM'}) do
        if string.find(why, refusal, 1, true) then return {err = why} end
      end
      spoilt = spoilt + 1
    end
  end
  return spoilt
end
