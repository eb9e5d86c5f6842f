-- No two requests have the same path, below a route and below none; one in 25 has a method of its own.
local number = 0

function request()
    number = number + 1
    local prefix = number % 2 == 0 and "/api/open/" or "/api/nobody/"
    local method = "GET"
    if number % 25 == 0 then
        method = "M" .. string.char(65 + number % 26, 65 + math.floor(number / 26) % 26, 65 + math.floor(number / 676) % 26)
    end
    return wrk.format(method, prefix .. number)
end
