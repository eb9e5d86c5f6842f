-- When a window ends that begins now, in milliseconds since 1970: P1D and P1M are the calendar's, all else is a length.
local DAY = 86400000

local function month_end(now)
  local rest, start = math.floor(now / DAY), 0
  local year = 1970
  while true do
    local leap = (year % 4 == 0 and year % 100 ~= 0) or year % 400 == 0
    for _, length in ipairs({31, leap and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}) do
      start = start + length
      if rest < start then return start * DAY end
    end
    year = year + 1
  end
end

local function window_end(window, now)
  if window == 'P1D' then return (math.floor(now / DAY) + 1) * DAY end
  if window == 'P1M' then return month_end(now) end
  return now + tonumber(window)
end
