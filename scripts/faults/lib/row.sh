# shellcheck shell=bash
# What every row needs: the house, how to measure it, and a verdict. The row's last line on standard output is what it
# measured; it fails if anything that it must show does not hold.
# shellcheck disable=SC2154,SC2034  # work and quick are set by run; not every row uses everything

set -Eeuo pipefail
trap 'echo "line $LINENO failed: $BASH_COMMAND" >&2' ERR
# shellcheck source=scripts/lib/java.sh
source "$ROOT/scripts/lib/java.sh"
# shellcheck source=scripts/lib/services.sh
source "$ROOT/scripts/lib/services.sh"
# shellcheck source=scripts/faults/lib/house.sh
source "$FAULTS/lib/house.sh"

PID=$(<"$work/latchkey.pid")
KEY=$(<"$work/key")
trap end EXIT
FAILED=

must() { # CONDITION_FOR_AWK WHAT
  awk "BEGIN { exit !($1) }" && return
  FAILED=yes
  echo "does not hold: $2 ($1)" >&2
}

anew() { # with another key for the rows that follow; fails while the gateway has not noticed that its store is empty
  local key
  key=$(new_key '{"name":"after"}' 2>/dev/null) && echo "$key" >"$work/key"
}

revive() { # NAME PORT: goes on, or begins anew, if this row left it stopped or dead
  local pid
  pid=$(<"$work/$1.pid")
  kill -CONT "$pid" 2>/dev/null || true
  [[ $(timeout 5 redis-cli -p "$2" ping 2>/dev/null) == PONG ]] && return
  kill -KILL "$pid" 2>/dev/null || true
  start_redis "$1" "$2"
  if [[ $1 == redis ]]; then wait_until 10 anew >/dev/null; fi
}

end() { # runs whatever happened: what this row started ends, its rules go
  local status=$? pid
  for pid in "${STARTED[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  iptables -w -F
  revive redis "$REDIS_PORT"
  revive cache "$CACHE_PORT"
  [[ ! $FAILED ]] || status=1
  exit "$status"
}

either() { # FULL QUICK: the figure for this run
  if [[ $quick ]]; then echo "$2"; else echo "$1"; fi
}

now_ms() {
  echo $((${EPOCHREALTIME/./} / 1000))
}

seconds_since() { # MS
  awk "BEGIN { print ($(now_ms) - $1) / 1000 }"
}

offer() { # FILE URL OPTION...
  local file=$1
  shift
  python3 "$FAULTS/lib/offer.py" "$@" >"$work/$file"
}

between() { # FILE FROM_MS TO_MS: what was offered in that time
  awk -v from="$2" -v to="$3" '$1 >= from && $1 < to' "$work/$1"
}

percentile() { # P, of the third column of standard input; of nothing it is longer than anything may take
  awk '{ print $3 }' | sort -n | awk -v p="$1" '{ v[NR] = $1 } END { print NR ? v[int((NR - 1) * p / 100) + 1] : 999999 }'
}

statuses() { # of standard input: 200x12 503x4
  awk '{ n[$2]++ } END { for (s in n) printf "%s x %d\n", s, n[s] }' | sort | paste -sd, | sed 's/,/, /g'
}

metric() { # PATTERN [MANAGEMENT_URL]: the sum of the samples whose line begins so
  curl -s "${2:-$MANAGEMENT}/actuator/prometheus" \
    | awk -v pattern="^$1" '$0 ~ pattern { sum += $NF } END { printf "%.0f", sum }'
}

seen() { # requests|open NAME: what the bad upstream saw
  curl -s "http://127.0.0.1:$BAD_PORT/seen" | jq -r --arg kind "$1" --arg name "$2" '.[$kind][$name] // 0'
}

healthy() {
  [[ $(curl -s --max-time 2 "$GATEWAY/health" | jq -r .status) == healthy ]]
}

upstream_is_let_go() { # NAME
  (($(seen open "$1") == 0))
}

live_heap_mib() {
  echo $(($(live_heap_kib "$PID") / 1024))
}

threads() { threads_of "$PID"; }

files() { files_of "$PID"; }
