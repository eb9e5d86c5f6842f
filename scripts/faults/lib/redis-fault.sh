# shellcheck shell=bash
# A fault of Redis under steady traffic: a key that is known, one that is not, and a caller who needs none.
# shellcheck disable=SC2154  # the rows source row.sh first

RATE=200
LEAD=3000 # ms of quiet before the fault

redis_fault() { # SECONDS INJECT LIFT: sets quiet, first, steady, later, healed, heavy, the statuses and what they must be
  local seconds=$(($1 + 7)) fault=$1 inject=$2 lift=$3 began lifted stranger='X-API-Key: faults_unknown_key_0123456789'
  offer known "$GATEWAY/api/exact/{n}" --rate "$RATE" --seconds "$seconds" --header "X-API-Key: $KEY" &
  local known=$!
  offer public "$GATEWAY/api/open/{n}" --rate 20 --seconds "$seconds" &
  local public=$!
  sleep "$((LEAD / 1000))"
  began=$(now_ms)
  "$inject"
  # Once the fault is known: a key that nobody has seen is neither let in nor called unknown.
  sleep 1
  unknown=$(status_of -H "$stranger" "$GATEWAY/api/exact/x")
  sleep $((fault - 1))
  heavy=$(metric latchkey_requests_in_flight)
  lifted=$(now_ms)
  "$lift"
  healed=$(wait_until 60 healthy)
  unknown_after=$(status_of -H "$stranger" "$GATEWAY/api/exact/x")
  wait "$known"
  wait "$public"
  quiet=$(between known $((began - LEAD + 500)) "$began" | percentile 50)
  first=$(between known "$began" $((began + 1000)) | percentile 99)
  steady=$(between known $((began + 1500)) "$lifted" | percentile 50)
  later=$(between known $((began + 1500)) "$lifted" | percentile 99)
  after=$(between known $((lifted + 2000)) $((lifted + 60000)) | percentile 99)
  offered="200 x $((RATE * seconds))" offered_public="200 x $((20 * seconds))"
  statuses=$(statuses <"$work/known")
  statuses_public=$(statuses <"$work/public")
}

redis_fault_holds() { # SECONDS_TO_HEAL
  must "\"$statuses\" == \"$offered\" && \"$statuses_public\" == \"$offered_public\"" \
    "who is known, or needs no key, is served: $statuses; public $statuses_public"
  must "$unknown == 503" "an unknown key is answered 503, not $unknown"
  must "$unknown_after == 401" "and 401 afterwards, not $unknown_after"
  # 5 ms: what two cores that everything here shares may add by themselves.
  must "$first <= $quiet + 50 + 5" "the first requests wait 50 ms at most"
  must "$steady <= $quiet + 1" "those after them, by the median, 1 ms at most"
  must "$later <= $quiet + 20" "and hardly one of them more"
  must "$after <= $quiet + 20" "afterwards all is as before"
  must "$heavy <= 20" "nothing piles up"
  must "$healed <= $1" "healthy again in time"
  echo "known key $statuses; public $statuses_public; unknown key $unknown; median $quiet ms, then $steady; p99 of the first second $first, then $later ms; healthy $healed s after"
}
