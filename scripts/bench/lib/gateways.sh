# shellcheck shell=bash
# What is measured: how each gateway is built, started and given its keys.
# shellcheck disable=SC2154  # options and paths are set by run

declare -A PORT REDIS_PORT PID REDIS_PID KEY KEYS
JVM_FLAGS=${BENCH_JVM_FLAGS:--Xmx256m -XX:+UseSerialGC -XX:TrimNativeHeapInterval=5000}
ADMIN=bench-admin-token-0123456789

install_tools() {
  need wrk wrk
  need nginx nginx
  need /usr/lib/nginx/modules/ngx_http_lua_module.so libnginx-mod-http-lua
  need /usr/share/lua/5.1/resty/core.lua lua-resty-core
  need /usr/share/lua/5.1/nginx/redis.lua lua-nginx-redis
  need redis-server redis-server
  need jq jq
  need curl curl
  install_missing
}

build() {
  JAVA=$(find_java)
  local gateway
  for gateway in "${gateways[@]}"; do
    case $gateway in
      latchkey) build_latchkey ;;
      scg-*)
        [[ -e $BENCH/$gateway/target/$gateway.jar ]] \
          || (cd "$ROOT" && ./mvnw -q -B -ntp -f "scripts/bench/$gateway" package)
        ;;
    esac
  done
}

start_nginx() { # NAME TEMPLATE PORT REDIS_PORT
  sed -e "s|@DIR@|$work|g; s|@BENCH@|$BENCH|g; s|@UPSTREAM@|$port_base|g; s|@PORT@|$3|g; s|@REDIS@|$4|g" \
    "$BENCH/nginx/$2" >"$work/$1.conf"
  launch_nginx "$1"
  PID[$1]=$!
}

start_redis() { # NAME
  launch_redis "$1" "${REDIS_PORT[$1]}"
  REDIS_PID[$1]=$!
}

start_upstream() {
  mkdir -p "$work/www/stored"
  chmod -R a+rwX "$work"
  head -c 1024 /dev/urandom >"$work/www/1k"
  head -c 102400 /dev/urandom >"$work/www/100k"
  start_nginx upstream upstream.conf 0 0
  wait_for "http://127.0.0.1:$port_base/1k"
}

start_gateway() { # NAME
  local name=$1 i
  for i in "${!ALL_GATEWAYS[@]}"; do
    [[ ${ALL_GATEWAYS[i]} == "$name" ]] && PORT[$name]=$((port_base + 10 * (i + 1)))
  done
  REDIS_PORT[$name]=$((PORT[$name] + 2))
  [[ $name == nginx-raw ]] || start_redis "$name"
  "start_$name"
  wait_for "http://127.0.0.1:${PORT[$name]}/"
  KEYS[$name]=$work/$name.keys
  if [[ $name == latchkey* ]]; then keys_of_latchkey "$name"; else keys_in_redis "$name"; fi
  KEY[$name]=$(head -n 1 "${KEYS[$name]}")
  local status
  status=$(curl -s -o /dev/null -w '%{http_code}' -H "X-API-Key: ${KEY[$name]}" \
    "http://127.0.0.1:${PORT[$name]}/api/bench/1k")
  [[ $status == 200 ]] || { echo "$name answers $status" >&2; tail -n 20 "$work/$name".* >&2; exit 1; }
}

start_nginx-raw() {
  start_nginx nginx-raw raw.conf "${PORT[nginx-raw]}" 0
}

start_nginx-lua() {
  start_nginx nginx-lua lua.conf "${PORT[nginx-lua]}" "${REDIS_PORT[nginx-lua]}"
}

start_java() { # NAME JAR ARGUMENT...
  local name=$1 jar=$2
  shift 2
  # shellcheck disable=SC2086  # several flags
  "$JAVA" $JVM_FLAGS --enable-native-access=ALL-UNNAMED -jar "$jar" "$@" >>"$work/$name.access.log" 2>"$work/$name.out" &
  PID[$name]=$!
  remember $!
}

start_scg-webflux() {
  start_scg scg-webflux
}

start_scg-webmvc() {
  start_scg scg-webmvc
}

start_scg() { # NAME
  BENCH_DIR=$work BENCH_ACCESS_LOG=$work/$1.access.log BENCH_UPSTREAM=http://127.0.0.1:$port_base \
    start_java "$1" "$BENCH/$1/target/$1.jar" --server.address=127.0.0.1 --server.port="${PORT[$1]}" \
    --spring.data.redis.port="${REDIS_PORT[$1]}"
}

start_latchkey() {
  start_ours latchkey "$ROOT/target/latchkey.jar"
}

start_latchkey-before() {
  start_ours latchkey-before "${BENCH_BEFORE_JAR:?names the jar of before}"
}

start_ours() { # NAME JAR
  cat >"$work/routes.yml" <<YAML
routes:
  - id: bench
    path: /api/bench/**
    upstreams: ["http://127.0.0.1:$port_base"]
    stripPrefix: /api/bench
    limits: [{ name: burst, quota: 100000000, window: PT1M }]
    requestSizeLimit: 8GB
    timeout: { total: 10m }
  - id: cached
    path: /api/cached/**
    upstreams: ["http://127.0.0.1:$port_base"]
    stripPrefix: /api/cached
    limits: [{ name: burst, quota: 100000000, window: PT1M }]
    cache: { ttl: 60s }
YAML
  LATCHKEY_REDIS_URL=redis://127.0.0.1:${REDIS_PORT[$1]} LATCHKEY_ROUTES_FILE=$work/routes.yml \
    LATCHKEY_DATA_DIR=$work/data-$1 LATCHKEY_PEPPER=bench-pepper-0123456789abcdef ADMIN_TOKEN=$ADMIN \
    SERVER_PORT=${PORT[$1]} MANAGEMENT_SERVER_PORT=$((PORT[$1] + 1)) start_java "$1" "$2"
  wait_for "http://127.0.0.1:$((PORT[$1] + 1))/actuator/health/readiness" --fail
}

wanted_keys() {
  if [[ " ${scenarios[*]} " == *" mixed "* ]]; then echo "$key_count"; else echo 1; fi
}

keys_of_latchkey() { # NAME
  curl -s -Z --parallel-max 8 -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' \
    --retry 10 --retry-delay 1 -d '{"name":"bench"}' \
    "http://127.0.0.1:${PORT[$1]}/admin/keys#[1-$(wanted_keys)]" 2>/dev/null \
    | jq -r '.token // empty' >"${KEYS[$1]}"
}

keys_in_redis() { # NAME
  local i
  for ((i = 1; i <= $(wanted_keys); i++)); do
    printf 'bench_live_%06d_0123456789abcdefghijklmnopq\n' "$i"
  done >"${KEYS[$1]}"
  [[ $1 == nginx-raw ]] && return
  awk '{ printf "SET bench:key:%s k%d\r\n", $1, NR }' "${KEYS[$1]}" \
    | redis-cli -p "${REDIS_PORT[$1]}" --pipe >/dev/null
}
