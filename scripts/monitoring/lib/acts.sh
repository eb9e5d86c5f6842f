# shellcheck shell=bash
# What callers and operators do so that every panel and rule has data, and whether they have. Needs scripts/lib/services.sh and
# scripts/faults/lib/house.sh; two of scripts/faults/lib/upstream.py listen on UPSTREAM_PORT and OTHER_PORT of UPSTREAM_HOST.
# shellcheck disable=SC2154,SC2034  # what is in capitals, work and KEY are set by the script
OFFER=$ROOT/scripts/faults/lib/offer.py

offers=()
WRONG=0
wrong() {
  echo "WRONG: $*" >&2
  WRONG=$((WRONG + 1))
}

end() { # SIGNAL PID...: and forgets them, for a number may be another's later
  local signal=$1 pid alive=()
  shift
  kill "-$signal" "$@" 2>/dev/null || true
  wait "$@" 2>/dev/null || true
  for pid in "${STARTED[@]}"; do
    [[ " $* " == *" $pid "* ]] || alive+=("$pid")
  done
  STARTED=("${alive[@]}")
}

write_routes() {
  cat >"$ROUTES_FILE" <<YAML
routes:
  - id: main
    path: /api/main/**
    stripPrefix: /api/main
    upstreams: ["http://$UPSTREAM_HOST:$UPSTREAM_PORT", "http://$UPSTREAM_HOST:$OTHER_PORT"]
    health: { path: /ok, interval: 1s }
  - id: cached
    path: /api/cached/**
    stripPrefix: /api/cached
    upstreams: ["http://$UPSTREAM_HOST:$UPSTREAM_PORT"]
    cache: { ttl: 60s }
  # Its upstream fails or is slow when told to. A breaker stays open for a minute; here not for so long.
  - id: switched
    path: /api/switched
    stripPrefix: /api
    upstreams: ["http://$UPSTREAM_HOST:$OTHER_PORT"]
    retry: { attempts: 1 }
    breaker: { failures: 5, open: ${BREAKER_OPEN_MS}ms }
  - id: chat
    path: /api/chat
    stripPrefix: /api
    upstreams: ["http://$UPSTREAM_HOST:$UPSTREAM_PORT"]
    usage: { tokens: /usage/total_tokens, model: /model, prices: { large: 0.03 } }
  - id: limited
    path: /api/limited/**
    stripPrefix: /api/limited
    upstreams: ["http://$UPSTREAM_HOST:$UPSTREAM_PORT"]
    limits: [{ name: few, quota: 10, window: PT1H, accuracy: exact }]
  - id: shadowed
    path: /api/shadowed/**
    stripPrefix: /api/shadowed
    upstreams: ["http://$UPSTREAM_HOST:$UPSTREAM_PORT"]
    limits: [{ name: planned, quota: 2, window: PT1H, accuracy: exact, shadow: true }]
  - id: scoped
    path: /api/scoped/**
    upstreams: ["http://$UPSTREAM_HOST:$UPSTREAM_PORT"]
    scope: nobody:has
YAML
}

switch() { # failing|slow|well
  curl -sS --fail -o /dev/null "http://127.0.0.1:$OTHER_PORT/switch/$1"
}

call() { # NAME RATE URL [OPTION...]: until stop_load
  python3 "$OFFER" "$3" --rate "$2" --seconds 36000 --header "X-API-Key: $KEY" "${@:4}" >"$work/$1.tsv" 2>>"$work/calls.out" &
  offers+=($!)
  remember $!
}

start_load() { # 100 requests a second
  call main 35 "$GATEWAY/api/main/{n}"
  call cached 30 "$GATEWAY/api/cached/text"
  call switched 20 "$GATEWAY/api/switched"
  call chat 5 "$GATEWAY/api/chat"
  call brotli 5 "$GATEWAY/api/main/text" --header 'Accept-Encoding: br'
  call gzip 5 "$GATEWAY/api/main/text" --header 'Accept-Encoding: gzip'
}

stop_load() {
  end TERM "${offers[@]}"
  offers=()
}

admin() { # PATH [CURL_ARGUMENT...]
  curl -sS --fail -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' "${@:2}" "$GATEWAY/admin/$1"
}

expect() { # STATUS CURL_ARGUMENT...
  local status
  status=$(status_of "${@:2}")
  [[ $status == "$1" ]] || wrong "expected $1 and got $status: ${*:2}"
}

id_of() { # TOKEN
  cut -d_ -f3 <<<"$1"
}

rotate() { # KEY_ID: sets rotation and new
  local answer
  answer=$(admin "keys/$1/rotations" -d '{"overlap":"PT1H"}')
  rotation=keys/$1/rotations/$(jq -r .id <<<"$answer")
  new=$(jq -r .token <<<"$answer")
}

acts() { # what operators do, and callers who are refused
  local old id
  old=$(new_key '{"name":"rotated","owner":"team-b"}')
  rotate "$(id_of "$old")"
  expect 200 -H "X-API-Key: $old" "$GATEWAY/api/main/old"
  expect 200 -H "X-API-Key: $new" "$GATEWAY/api/main/new"
  admin "$rotation/extend" -d "{\"until\":\"$(date -u -d '+2 hours' +%FT%TZ)\"}" >/dev/null
  admin "$rotation/finish" -d '{"force":true}' >/dev/null
  expect 401 -H "X-API-Key: $old" "$GATEWAY/api/main/superseded"
  old=$(new_key '{"name":"rolled back"}')
  rotate "$(id_of "$old")"
  admin "$rotation/rollback" -X POST >/dev/null
  id=$(id_of "$old")
  admin "keys/$id" -X DELETE -H 'Prefer: wait=5' >/dev/null
  expect 401 -H "X-API-Key: $old" "$GATEWAY/api/main/revoked"
  expect 401 -H 'X-API-Key: nobody-knows-this-one' "$GATEWAY/api/main/unknown"
  expect 401 -H 'X-API-Key: lk_live_broken' "$GATEWAY/api/main/malformed"
  expect 401 "$GATEWAY/api/main/missing"
  expect 403 -H "X-API-Key: $KEY" "$GATEWAY/api/scoped/x"
  expect 401 -H 'Authorization: Bearer not-an-admin-token' "$GATEWAY/admin/keys"
  expect 404 -H "X-API-Key: $KEY" "$GATEWAY/api/nowhere"
  switch failing
  expect 503 -H "X-API-Key: $KEY" "$GATEWAY/api/switched"
  switch well
  curl -s -o /dev/null -H "X-API-Key: $KEY" "$GATEWAY/api/limited/[1-15]"
  curl -s -o /dev/null -H "X-API-Key: $KEY" "$GATEWAY/api/shadowed/[1-5]"
  expect 429 -H "X-API-Key: $KEY" "$GATEWAY/api/limited/one-more"
  old=$(new_key '{"name":"spender","owner":"team-b","budgets":[{"unit":"tokens","amount":1,"window":"P1D"}]}')
  expect 200 -H "X-API-Key: $old" "$GATEWAY/api/chat"
  # What the one node counted, the other hears within two seconds.
  sleep 3
  expect 429 -H "X-API-Key: $old" "$GATEWAY/api/chat"
  printf '  - { id: added, path: "/api/added/**", upstreams: ["http://%s:%s"] }\n' "$UPSTREAM_HOST" "$UPSTREAM_PORT" >>"$ROUTES_FILE"
  admin routes/reload -X POST >/dev/null
}

asked() { # QUERY: the values
  curl -sS --fail -G "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[].value[1]'
}

scraped_twice() {
  local samples
  sleep 1
  samples=$(asked 'min(count_over_time(up[1m]))')
  ((${samples:-0} >= 2))
}

check_queries() {
  if ! "$ROOT/scripts/ci/queries" --prometheus "$PROMETHEUS" >"$work/queries"; then
    grep -vE '^(DATA|EMPTY-ALLOWED)' "$work/queries" >&2
    wrong 'not every query has data'
  fi
  echo "- queries: $(grep -c ^DATA "$work/queries") with data, $(grep -c ^EMPTY-ALLOWED "$work/queries") empty as grafana/empty-now.tsv says"
}
