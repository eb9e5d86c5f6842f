-- Every request has a key that nobody knows, from the address FAULTS_GUESSER; with FAULTS_SPREAD from an address of its own.
local spread = os.getenv("FAULTS_SPREAD")
local number = 0

function request()
    number = number + 1
    local key = string.format("guess-%d-%08x", number, math.random(0x7fffffff))
    if number % 4 == 0 then
        key = "lk_live_" .. key
    end
    local address = spread and string.format("10.%d.%d.%d", 1 + number / 65536, number / 256 % 256, number % 256) or os.getenv("FAULTS_GUESSER")
    return wrk.format("GET", "/api/exact/x", { ["X-API-Key"] = key, ["X-Forwarded-For"] = address })
end
