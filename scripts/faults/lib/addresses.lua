-- Every request comes from an address of its own.
local threads = 0
local number = 0

function setup(thread)
    thread:set("first", 10 + threads)
    threads = threads + 1
end

function request()
    number = number + 1
    local address = string.format("%d.%d.%d.%d", first, math.floor(number / 65536) % 256, math.floor(number / 256) % 256, number % 256)
    return wrk.format("GET", "/api/strangers/x", { ["X-Forwarded-For"] = address })
end
