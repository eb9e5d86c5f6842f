-- The load of every scenario; what it is stands in the environment, and the last line it prints is one JSON object.
local key = os.getenv("BENCH_KEY")
local keys_file = os.getenv("BENCH_KEYS")
local mode = os.getenv("BENCH_MODE") or "get"
local pause = tonumber(os.getenv("BENCH_PAUSE_MS") or "0")
local prefix = os.getenv("BENCH_PREFIX") or "/api/bench"

local body = string.rep("0123456789abcdef", 640)
local keys = {}
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init()
    math.randomseed(number * 7919)
    if mode == "post" then
        wrk.method = "POST"
        wrk.body = body
    end
    if key then
        wrk.headers["X-API-Key"] = key
    end
    if mode == "mixed" or mode == "keys" then
        for line in io.lines(keys_file) do
            keys[#keys + 1] = line
        end
        request = function()
            local headers = { ["X-API-Key"] = keys[math.random(#keys)] }
            local dice = mode == "keys" and 1 or math.random(100)
            if dice <= 80 then
                return wrk.format("GET", prefix .. "/1k", headers)
            elseif dice <= 95 then
                return wrk.format("POST", prefix .. "/post", headers, body)
            end
            return wrk.format("GET", prefix .. "/100k", headers)
        end
    end
end

-- Think time, evenly spread around its mean: with many connections the arrivals hardly depend on the answers.
if pause > 0 then
    function delay()
        return math.random(0, 2 * pause)
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.3f,"p50Ms":%.3f,"p99Ms":%.3f,"maxMs":%.3f,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
