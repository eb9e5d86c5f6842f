# shellcheck shell=bash
# Two gateways of its own behind an nginx, under requests that may be sent twice and such that may not.
# shellcheck disable=SC2154,SC2034  # the rows source row.sh first; not every row uses everything

FRONT=http://127.0.0.1:8070
# They live for seconds: code that is compiled well and late is none at all.
JVM_FLAGS+=(-XX:TieredStopAtLevel=1)

# One try's requests are not another's.
RUN=$EPOCHSECONDS

# Beside all the rest on two cores, the first look-up of a JVM that has just begun may wait for longer than 50 ms. The
# second one lets those who ask for its readiness know before it accepts no more.
start_one() { "$1_latchkey" one 8090 env LATCHKEY_STORE_REQUESTTIMEOUT=1s; }
start_two() { "$1_latchkey" two 8100 env LATCHKEY_STORE_REQUESTTIMEOUT=1s LATCHKEY_FRONTDOOR_STOPDELAY=2s; }

start_pair() {
  start_one launch
  start_two start
  wait_for http://127.0.0.1:8091/actuator/health/readiness --fail
  sed -e "s|@DIR@|$work|g" "$FAULTS/balancer.conf" >"$work/balancer.conf"
  launch_nginx balancer
  wait_for "$FRONT/health"
}

offer_both() { # NAME RATE: GET and POST, until end_offers
  offer "$1-get" "$FRONT/api/recorded/$1-get-$RUN-{n}" --rate "$2" --seconds 3600 --header "X-API-Key: $KEY" &
  getting=$!
  offer "$1-post" "$FRONT/api/recorded/later-$1-$RUN-{n}" --rate "$2" --seconds 3600 --header "X-API-Key: $KEY" --method POST &
  posting=$!
}

end_offers() {
  local pid
  for pid in "$getting" "$posting"; do
    # offer runs in a shell of its own.
    pkill -TERM -P "$pid" || true
    wait "$pid"
  done
}

sent_twice() { # NAME: how many of its POSTs reached the upstream more than once
  curl -s "http://127.0.0.1:$BAD_PORT/seen" | jq --arg name "later-$1-$RUN-" '[.requests | to_entries[] | select(.key | startswith($name)) | select(.value > 1)] | length'
}
