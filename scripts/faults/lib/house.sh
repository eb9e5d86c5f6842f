# shellcheck shell=bash
# The house under attack: a gateway, a Redis of its own and one for its cache, an upstream that behaves and one that
# does not. All of it runs in a network namespace of its own, so the ports are fixed.
# shellcheck disable=SC2154,SC2034  # work, FAULTS, ROOT and JAVA are set by run; rows use what is defined here

GATEWAY=http://127.0.0.1:8080 MANAGEMENT=http://127.0.0.1:8081
REDIS_PORT=6379 CACHE_PORT=6380 GOOD_PORT=9000 BAD_PORT=9001
ADMIN=faults-admin-token-0123456789
JVM_FLAGS=(-Xmx256m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError)

start_good_upstream() {
  sed -e "s|@DIR@|$work|g; s|@PORT@|$GOOD_PORT|g" "$FAULTS/upstream.conf" >"$work/upstream.conf"
  launch_nginx upstream
  wait_for "http://127.0.0.1:$GOOD_PORT/"
}

start_bad_upstream() {
  # A gibibyte of zeros, which is a mebibyte as gzip.
  [[ -e $work/bomb.gz ]] || head -c 1G /dev/zero | gzip -9 >"$work/bomb.gz"
  python3 "$FAULTS/lib/upstream.py" "$BAD_PORT" "$work/bomb.gz" >"$work/bad.out" 2>&1 &
  remember $!
  wait_for "http://127.0.0.1:$BAD_PORT/ok"
}

start_redis() { # NAME PORT [OPTION...]
  launch_redis "$@"
  echo $! >"$work/$1.pid"
}

# Without the share that is shed while processors are short: this machine may be busy with other things, and refusals
# for that are no answer to the fault of a row.
launch_latchkey() { # NAME PORT [COMMAND_BEFORE_JAVA...]: its pid goes to NAME.pid, its log to NAME.log
  local name=$1 port=$2
  shift 2
  LATCHKEY_REDIS_URL=redis://127.0.0.1:$REDIS_PORT LATCHKEY_CACHE_REDIS_URL=redis://127.0.0.1:$CACHE_PORT \
    LATCHKEY_ROUTES_FILE=$FAULTS/routes.yml LATCHKEY_FRONTDOOR_TRUSTEDPROXIES=127.0.0.1 \
    LATCHKEY_PEPPER=faults-pepper-0123456789abcdef ADMIN_TOKEN=$ADMIN \
    LATCHKEY_OVERLOAD_MAXDELAY=0s SERVER_PORT=$port MANAGEMENT_SERVER_PORT=$((port + 1)) \
    "$@" "$JAVA" "${JVM_FLAGS[@]}" --enable-native-access=ALL-UNNAMED -jar "${JAR:-$ROOT/target/latchkey.jar}" \
    >>"${LOG:-$work/$name.log}" 2>"$work/$name.out" &
  echo $! >"$work/$name.pid"
  remember $!
}

start_latchkey() { # the same, and waits until it is ready
  launch_latchkey "$@"
  wait_for "http://127.0.0.1:$(($2 + 1))/actuator/health/readiness" --fail
}

stop_latchkey() { # NAME: as an operator does
  kill -TERM "$(<"$work/$1.pid")"
  wait "$(<"$work/$1.pid")" || true
}

new_key() { # JSON
  curl -sS --fail --retry 2 -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' -d "$1" "$GATEWAY/admin/keys" \
    | jq -r .token
}

start_house() {
  start_redis redis "$REDIS_PORT"
  start_redis cache "$CACHE_PORT"
  start_good_upstream
  start_bad_upstream
  start_latchkey latchkey 8080
  new_key '{"name":"faults"}' >"$work/key"
  # Compiled code first: what a JVM does in its first seconds says nothing about a fault.
  wrk -t1 -c16 -d3s -H "X-API-Key: $(<"$work/key")" "$GATEWAY/api/exact/x" >/dev/null
}
