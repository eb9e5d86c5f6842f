# shellcheck shell=bash
# The house that is tried: three nodes, an upstream, a Redis with a replica and three Sentinels, and between them and the nodes
# a network that is slow at times and can be cut. What can be done to it while it runs is in scripts/proof/lib/command.
# Ports from $base: 0 upstream, 1 and 2 the Redis servers, 3 and 4 the wires to them, 5 to 7 the Sentinels, 11, 12, 21, 22, … the
# nodes.
# shellcheck disable=SC2154,SC2034  # PROOF, ROOT, JAVA, work, base, jar and keep are set by the script, which reads what is set here

admin=proof-admin-token-0123456789
NODE_FLAGS=(-Xmx192m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError --enable-native-access=ALL-UNNAMED)

known_defect() { # NAME, or nothing
  [[ ! $1 || -e $PROOF/defects/$1.patch ]] && return
  echo "Unknown defect: $1 (known: $(cd "$PROOF/defects" && echo *.patch | sed 's/\.patch//g'))" >&2
  exit 2
}

build_defective() { # NAME: into $work/target/latchkey.jar
  git -C "$ROOT" ls-files -z --cached --others --exclude-standard | (cd "$ROOT" && xargs -0 cp --parents -t "$work" 2>/dev/null) || true
  (cd "$work" && git init -q && git apply "$PROOF/defects/$1.patch" \
    && ./mvnw -q -B -ntp package -Dmaven.test.skip -Dspotless.check.skip)
}

keep_logs() {
  [[ $keep ]] || return 0
  mkdir -p "$keep"
  cp "$work"/*.log "$work"/*.out "$keep" 2>/dev/null || true
}

leave_house() { # whoever was killed may have been started again since
  local pid
  keep_logs
  # Whoever starts something again, first.
  for pid in "$work"/restart.pid "$work"/{redis,node}?.pid; do
    [[ -e $pid ]] || continue
    kill -CONT "$(<"$pid")" 2>/dev/null || true
    remember "$(<"$pid")"
  done
  stop_all
}

await() { # WHAT COMMAND...: what was started last must live until the command succeeds
  local what=$1 i
  shift
  for ((i = 0; i < 300; i++)); do
    "$@" >/dev/null 2>&1 && kill -0 "${STARTED[-1]}" && return
    kill -0 "${STARTED[-1]}" 2>/dev/null || break
    sleep 0.2
  done
  echo "$what did not come up" >&2
  tail -n 20 "$work"/*.out >&2
  exit 1
}
# shellcheck disable=SC2317  # called by await
says() { # TEXT COMMAND...
  local text=$1
  shift
  "$@" | grep -q "$text"
}

start_upstream() {
  cat >"$work/upstream.conf" <<CONF
worker_processes 1;
daemon off;
pid $work/upstream.pid;
error_log $work/upstream.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server { listen 127.0.0.1:$base; location / { return 200 "hello"; } }
}
CONF
  launch_nginx upstream
}

start_redis() { # NUMBER OPTION...: REDIS_OPTIONS come besides
  local number=$1
  shift
  mkdir -p "$work/redis$number"
  # shellcheck disable=SC2086  # they are words
  redis-server --port $((base + number)) --bind 127.0.0.1 --dir "$work/redis$number" --save '' --appendonly yes \
    --min-replicas-to-write 1 --replica-announce-ip 127.0.0.1 --replica-announce-port $((base + 2 + number)) ${REDIS_OPTIONS:-} "$@" \
    >>"$work/redis$number.out" 2>&1 &
  echo $! >"$work/redis$number.pid"
}

start_stores() {
  local number
  start_redis 1
  remember "$(<"$work/redis1.pid")"
  await 'The first Redis' redis-cli -p $((base + 1)) ping
  mkfifo "$work/orders"
  "$JAVA" -Xmx128m -XX:+UseSerialGC "$PROOF/Proof.java" --wires "$((base + 3)):$((base + 1)),$((base + 4)):$((base + 2))" --delay 30 \
    <"$work/orders" >"$work/wires.out" 2>&1 &
  remember $!
  exec 9>"$work/orders"
  await 'The network' redis-cli -p $((base + 3)) ping
  start_redis 2 --replicaof 127.0.0.1 $((base + 3))
  remember "$(<"$work/redis2.pid")"
  await 'The replica' says master_link_status:up redis-cli -p $((base + 2)) info replication
  for number in 5 6 7; do
    cat >"$work/sentinel$number.conf" <<CONF
port $((base + number))
bind 127.0.0.1
dir $work
sentinel monitor main 127.0.0.1 $((base + 3)) 2
sentinel down-after-milliseconds main 2000
sentinel failover-timeout main 10000
CONF
    redis-sentinel "$work/sentinel$number.conf" >"$work/sentinel$number.out" 2>&1 &
    remember $!
  done
  for number in 5 6 7; do
    await 'A Sentinel' says sentinels=3 redis-cli -p $((base + number)) info sentinel
  done
}

start_node() { # NUMBER [JAR]: its routes are in $work/routes.yml
  local port=$((base + 1 + 10 * $1))
  # The same again when it is started anew.
  [[ -e $work/node$1.jar ]] || ln -s "${2:-$jar}" "$work/node$1.jar"
  # The name by which the network knows its connections.
  LATCHKEY_REDIS_URL="redis-sentinel://127.0.0.1:$((base + 5)),127.0.0.1:$((base + 6)),127.0.0.1:$((base + 7))?clientName=node$1#main" \
    LATCHKEY_ROUTES_FILE=$work/routes.yml LATCHKEY_DATA_DIR=$work/data$1 LATCHKEY_PEPPER=proof-pepper-0123456789abcdef \
    LATCHKEY_STORE_REQUESTTIMEOUT=${LATCHKEY_STORE_REQUESTTIMEOUT:-500ms} ADMIN_TOKEN=$admin LATCHKEY_NODE_ID=node$1 LATCHKEY_KEYS_FAILEDATTEMPTSPERMINUTE=0 \
    SERVER_PORT=$port MANAGEMENT_SERVER_PORT=$((port + 1)) \
    "$JAVA" "${NODE_FLAGS[@]}" -jar "$work/node$1.jar" >>"$work/node$1.log" 2>>"$work/node$1.out" 9>&- &
  echo $! >"$work/node$1.pid"
}

nodes=() management=()
await_nodes() { # NUMBER...: those that were started
  local number
  for number; do
    remember "$(<"$work/node$number.pid")"
    nodes+=($((base + 1 + 10 * number)))
    management+=($((base + 2 + 10 * number)))
  done
  for number in "${management[@]}"; do
    wait_for "http://127.0.0.1:$number/actuator/health/readiness" --fail
  done
}

try() { # CLASS OPTION...: on the nodes
  export PROOF ROOT JAVA work base jar REDIS_OPTIONS
  # The shell would say of each that was killed how it had been started.
  exec 8>&2 2>/dev/null
  "$JAVA" -Xmx256m -XX:+UseSerialGC "$PROOF/$1.java" --nodes "$(IFS=,; echo "${nodes[*]}")" --management "$(IFS=,; echo "${management[*]}")" \
    --admin-token "$admin" --command "$PROOF/lib/command" "${@:2}" 2>&8
}
