-- Checks the key (shared memory first, Redis behind it) and counts the limit in Redis, once per request.
local redis = require "nginx.redis"

local QUOTA = 100000000
local WINDOW = 60
local TRUSTED = 5
local POOL_IDLE = 60000
local POOL_SIZE = 512

local function connect(port)
    local connection = redis:new()
    connection:set_timeout(1000)
    local ok, problem = connection:connect("127.0.0.1", port)
    if not ok then
        ngx.log(ngx.ERR, "redis: ", problem)
        return ngx.exit(503)
    end
    return connection
end

return function(port)
    return function()
        local keys = ngx.shared.keys
        local token = ngx.var.http_x_api_key
        if not token then
            return ngx.exit(401)
        end
        local connection = connect(port)
        local id = keys:get(token)
        if not id then
            id = connection:get("bench:key:" .. token)
            if not id or id == ngx.null then
                connection:set_keepalive(POOL_IDLE, POOL_SIZE)
                return ngx.exit(401)
            end
            keys:set(token, id, TRUSTED)
        end
        local counter = "bench:limit:" .. id .. ":" .. math.floor(ngx.time() / WINDOW)
        connection:init_pipeline(2)
        connection:incr(counter)
        connection:expire(counter, 2 * WINDOW)
        local answers, problem = connection:commit_pipeline()
        if not answers then
            ngx.log(ngx.ERR, "redis: ", problem)
            return ngx.exit(503)
        end
        connection:set_keepalive(POOL_IDLE, POOL_SIZE)
        if answers[1] > QUOTA then
            return ngx.exit(429)
        end
        ngx.var.key_id = id
    end
end
