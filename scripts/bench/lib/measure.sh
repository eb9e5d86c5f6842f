# shellcheck shell=bash
# How it is measured: one load on one gateway, and the scenarios made of it.
# shellcheck disable=SC2154  # options, ports and pids are set by run and gateways.sh

TICKS=$(getconf CLK_TCK)

descendants() { # PID
  local child
  echo "$1"
  for child in $(pgrep -P "$1" || true); do descendants "$child"; done
}

ticks_of() { # PID: user and system time of it and its children
  local pid stat sum=0
  for pid in $(descendants "$1"); do
    stat=$(<"/proc/$pid/stat") || continue
    # shellcheck disable=SC2086  # the fields behind the program's name
    set -- ${stat##*) }
    sum=$((sum + ${12} + ${13}))
  done
  echo "$sum"
}

kib_of() { # PID: memory of it and its children, shared pages split among those who share them
  local pid
  for pid in $(descendants "$1"); do
    awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"
  done | awk '{ sum += $1 } END { print sum }'
}

load() { # GATEWAY MODE PREFIX PATH CONNECTIONS SECONDS PAUSE_MS: the summary as JSON
  BENCH_KEY=${KEY[$1]} BENCH_KEYS=${KEYS[$1]} BENCH_MODE=$2 BENCH_PREFIX=$3 BENCH_PAUSE_MS=$7 \
    timeout $(($6 + 30)) wrk -t2 -c"$5" -d"$6" --timeout 10s --latency -s "$BENCH/wrk/load.lua" \
    "http://127.0.0.1:${PORT[$1]}$3/$4" 2>>"$work/wrk.err" | tail -n 1 | jq -c . 2>/dev/null \
    || echo '{"requests":0,"seconds":1,"p50Ms":null,"p99Ms":null,"maxMs":null,"refused":0,"broken":1}'
}

record() { # JSON
  jq -c --arg at "$(date -u +%FT%TZ)" '{at: $at} + .' <<<"$1" | tee -a "$run_file" "$out" \
    | jq -r '"  \(.gateway) \(.case) c\(.connections): \(.rps) req/s, \(.cpuUs) + \(.redisUs) us, p99 \(.p99Ms) ms"' >&2
}

measure() { # SCENARIO CASE ROUND GATEWAY MODE PREFIX PATH CONNECTIONS [PAUSE_MS] [SAMPLES_FILE]
  local gateway=$4 redis=${REDIS_PID[$4]:-} before after redis_before=0 redis_after=0 summary sample_p99=null
  local upstream_before
  upstream_before=$(ticks_of "${PID[upstream]}")
  before=$(ticks_of "${PID[$gateway]}")
  [[ $redis ]] && redis_before=$(ticks_of "$redis")
  summary=$(load "$gateway" "$5" "$6" "$7" "$8" "$seconds" "${9:-0}")
  after=$(ticks_of "${PID[$gateway]}")
  [[ $redis ]] && redis_after=$(ticks_of "$redis")
  [[ ${10:-} ]] && sample_p99=$(percentile_of_accepted "${10}")
  record "$(jq -n --arg scenario "$1" --arg case "$2" --argjson round "$3" --arg gateway "$gateway" \
    --argjson connections "$8" --argjson ticks $((after - before)) \
    --argjson redisTicks $((redis_after - redis_before)) --argjson hz "$TICKS" \
    --argjson upstreamTicks $(($(ticks_of "${PID[upstream]}") - upstream_before)) \
    --argjson kib "$(kib_of "${PID[$gateway]}")" --argjson load "$summary" --argjson sampleP99Ms "$sample_p99" '
    def round1: . * 10 | round / 10;
    {$scenario, $case, $round, $gateway, $connections,
     rps: ($load.requests / $load.seconds | round),
     goodPerSecond: (($load.requests - $load.refused) / $load.seconds | round),
     cpuUs: ($ticks * 1e6 / $hz / ([$load.requests, 1] | max) | round1),
     redisUs: ($redisTicks * 1e6 / $hz / ([$load.requests, 1] | max) | round1),
     upstreamUs: ($upstreamTicks * 1e6 / $hz / ([$load.requests, 1] | max) | round1),
     mib: ($kib / 1024 | round), $sampleP99Ms} + $load')"
  # Logs of minutes at full speed would fill the disk; they are opened for appending, so this frees them.
  for log in "$work"/*.access.log; do : >"$log"; done
}

# Compiled code first: a JVM needs some hundred thousand requests to show what it can do.
first_load() {
  local gateway
  echo "first load" >&2
  for gateway in "${gateways[@]}"; do
    [[ $gateway == nginx-* ]] || load "$gateway" get /api/bench 1k 64 $((2 * warm)) 0 >/dev/null
  done
}

in_turn() { # SCENARIO MODE PATH CONNECTIONS
  local round gateway
  echo "$1, $4 connections" >&2
  for gateway in "${gateways[@]}"; do
    load "$gateway" "$2" /api/bench "$3" "$4" "$warm" 0 >/dev/null
  done
  for ((round = 1; round <= rounds; round++)); do
    for gateway in "${gateways[@]}"; do
      measure "$1" "$3" "$round" "$gateway" "$2" /api/bench "$3" "$4"
    done
  done
}

scenario_get1k() {
  in_turn get1k get 1k 32
  in_turn get1k get 1k 256
}

scenario_get100k() { in_turn get100k get 100k 32; }

scenario_post10k() { in_turn post10k post post 32; }

scenario_mixed() { in_turn mixed mixed 1k 64; }

has() { # GATEWAY
  [[ " ${gateways[*]} " == *" $1 "* ]]
}

scenario_hit() {
  local round prefix path
  has latchkey || return 0
  for path in 1k 100k; do
    echo "hit, $path" >&2
    for prefix in /api/bench /api/cached; do load latchkey get "$prefix" "$path" 32 "$warm" 0 >/dev/null; done
    for ((round = 1; round <= rounds; round++)); do
      measure hit "$path fetched" "$round" latchkey get /api/bench "$path" 32
      measure hit "$path kept" "$round" latchkey get /api/cached "$path" 32
    done
  done
}

# By one client, one request after the other: what a caller sees. A fragment is not sent, so all repeats are one request.
scenario_slow100() {
  local round url ask first
  has latchkey || return 0
  echo slow100 >&2
  load latchkey get /api/cached 1k 32 "$warm" 0 >/dev/null
  ask=(curl -sf -o /dev/null -w '%{time_total}\n' -H "X-API-Key: ${KEY[latchkey]}")
  for ((round = 1; round <= rounds; round++)); do
    url="http://127.0.0.1:${PORT[latchkey]}/api/cached/slow100?at=$EPOCHREALTIME"
    first=$("${ask[@]}" "$url")
    "${ask[@]}" "$url#[1-200]" | jq -cs --arg at "$(date -u +%FT%TZ)" --argjson round "$round" --argjson first "$first" '
      sort | (.[length / 2 | floor]) as $repeat
      | {$at, scenario: "slow100", gateway: "latchkey", $round, firstMs: ($first * 1e4 | round / 10),
         repeatMs: ($repeat * 1e5 | round / 100), slowestRepeatMs: (.[-1] * 1e4 | round / 10),
         fasterPercent: ((1 - $repeat / $first) * 1000 | round / 10)}' | tee -a "$run_file" >>"$out"
  done
}

scenario_p99at70() {
  local round gateway peak pause
  echo p99at70 >&2
  for gateway in "${gateways[@]}"; do load "$gateway" get /api/bench 1k 64 "$warm" 0 >/dev/null; done
  for ((round = 1; round <= rounds; round++)); do
    for gateway in "${gateways[@]}"; do
      peak=$(load "$gateway" get /api/bench 1k 64 "$seconds" 0)
      # Without a peak there is nothing to take 70 % of.
      (($(jq .requests <<<"$peak"))) || continue
      pause=$(jq '512 * 1000 / (0.7 * .requests / .seconds)' <<<"$peak")
      measure p99at70 "70 %" "$round" "$gateway" get /api/bench 1k 512 "$pause"
    done
  done
}

# Its own client sees what an accepted request sees; wrk mixes the refused ones in.
percentile_of_accepted() { # SAMPLES_FILE
  awk '$1 == 200 { print $2 * 1000 }' "$1" | sort -n \
    | awk '{ v[NR] = $1 } END { if (NR) printf "%.1f", v[int((NR - 1) * 0.99) + 1]; else print "null" }'
}

run_on() { # CPUS PID...
  local cpus=$1 pid
  shift
  for pid in "$@"; do taskset -acp "$cpus" "$pid" >/dev/null; done
}

# With one processor for the gateways, and the rest for who loads them and what they ask: else the load generator, which
# needs more for each of many connections, takes from the very processors that are to be the bound.
share_processors() { # CPUS_OF_GATEWAYS CPUS_OF_THE_REST
  local gateway
  # shellcheck disable=SC2046  # several pids
  run_on "$2" $$ $(descendants "${PID[upstream]}") "${REDIS_PID[@]}"
  for gateway in "${gateways[@]}"; do
    # shellcheck disable=SC2046  # several pids
    run_on "$1" $(descendants "${PID[$gateway]}")
  done
}

scenario_overload() {
  local round gateway last=$(($(nproc) - 1))
  echo overload >&2
  ((last == 0)) || share_processors "$last" "0-$((last - 1))"
  for ((round = 1; round <= rounds; round++)); do
    for gateway in "${gateways[@]}"; do
      load "$gateway" get /api/bench 1k 256 "$warm" 0 >/dev/null
      measure overload peak "$round" "$gateway" get /api/bench 1k 256
      timeout "$seconds" stdbuf -oL curl -s -o /dev/null -w '%{http_code} %{time_total}\n' -H "X-API-Key: ${KEY[$gateway]}" \
        "http://127.0.0.1:${PORT[$gateway]}/api/bench/1k?n=[1-1000000]" >"$work/samples" 2>/dev/null &
      local sampler=$!
      measure overload "10 x" "$round" "$gateway" get /api/bench 1k 2560 0 "$work/samples"
      wait "$sampler" || true
    done
  done
  ((last == 0)) || share_processors "0-$last" "0-$last"
}

live_heap_of() { # GATEWAY: null when it is no JVM
  if [[ $1 == nginx-* ]]; then
    echo null
  else
    live_heap_kib "${PID[$1]}"
  fi
}

scenario_memory() {
  local gateway
  echo memory >&2
  for gateway in "${gateways[@]}"; do
    load "$gateway" get /api/bench 1k 256 "$seconds" 0 >/dev/null
    jq -cn --arg at "$(date -u +%FT%TZ)" --arg gateway "$gateway" --arg flags "$JVM_FLAGS" \
      --argjson kib "$(kib_of "${PID[$gateway]}")" --argjson heapKib "$(live_heap_of "$gateway")" \
      '{$at, scenario: "memory", $gateway, mib: ($kib / 1024 | round),
        liveHeapMib: (if $heapKib then ($heapKib / 1024 | round) else null end)}' | tee -a "$run_file" >>"$out"
  done
}

scenario_big() {
  local url before after began seconds_up seconds_down equal most=0 now watcher
  has latchkey || return 0
  echo big >&2
  url=http://127.0.0.1:${PORT[latchkey]}/api/bench
  truncate -s "$big_size" "$work/zeros"
  openssl enc -aes-128-ctr -pass pass:bench -nosalt -pbkdf2 -in "$work/zeros" -out "$work/www/big" 2>/dev/null
  chmod a+r "$work/www/big"
  rm "$work/zeros"
  before=$(live_heap_of latchkey)
  while sleep 0.2; do kib_of "${PID[latchkey]}"; done >"$work/kib" 2>/dev/null &
  watcher=$!
  began=$EPOCHREALTIME
  curl -sf -H "X-API-Key: ${KEY[latchkey]}" -T "$work/www/big" -o /dev/null "$url/stored/big"
  seconds_up=$(elapsed "$began")
  began=$EPOCHREALTIME
  curl -sf -H "X-API-Key: ${KEY[latchkey]}" -o "$work/down" "$url/big"
  seconds_down=$(elapsed "$began")
  kill "$watcher"
  wait "$watcher" 2>/dev/null || true
  while read -r now; do ((now > most)) && most=$now; done <"$work/kib"
  after=$(live_heap_of latchkey)
  equal=$(sha256sum "$work/www/big" "$work/www/stored/big" "$work/down" | cut -d' ' -f1 | sort -u | wc -l)
  jq -cn --arg at "$(date -u +%FT%TZ)" --arg size "$big_size" --argjson digests "$equal" --argjson up "$seconds_up" \
    --argjson down "$seconds_down" --argjson most "$most" --argjson before "$before" --argjson after "$after" \
    '{$at, scenario: "big", gateway: "latchkey", $size, equal: ($digests == 1), uploadSeconds: $up,
      downloadSeconds: $down, mostMib: ($most / 1024 | round),
      liveHeapMibBefore: ($before / 1024 | round), liveHeapMibAfter: ($after / 1024 | round)}' | tee -a "$run_file" >>"$out"
  rm -f "$work/www/big" "$work/www/stored/big" "$work/down"
}

elapsed() { # EPOCHREALTIME
  awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.2f", to - from }'
}

describe_machine() {
  printf '\n%s; %s cores of %s; Linux %s; load average now %s\n' "$(date -u +%FT%TZ)" "$(nproc)" \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)"
  printf '%s; %s; commit %s\n' "$("$JAVA" -version 2>&1 | sed -n 2p)" "$JVM_FLAGS" \
    "$(git -C "$ROOT" describe --always --dirty)"
}
