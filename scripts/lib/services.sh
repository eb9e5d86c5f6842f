# shellcheck shell=bash
# Starts what a script needs on this machine, waits for it, and stops it; $work is the script's own directory.
# shellcheck disable=SC2154  # work is set by the script

STARTED=()
MISSING=()

need() { # PROGRAM_OR_FILE PACKAGE
  command -v "$1" >/dev/null || [[ -e $1 ]] || MISSING+=("$2")
}

install_missing() {
  ((${#MISSING[@]})) || return 0
  if ((EUID == 0)) && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${MISSING[@]}" >/dev/null
  else
    echo "Missing: ${MISSING[*]}. On Debian: apt-get install ${MISSING[*]}" >&2
    exit 1
  fi
}

# shellcheck disable=SC2034  # used by the scripts
need_yaml() { # sets PYTHON to one that reads YAML
  PYTHON=python3
  if ! python3 -c 'import yaml' 2>/dev/null; then
    PYTHON=/usr/bin/python3
    need /usr/lib/python3/dist-packages/yaml python3-yaml
  fi
}

node_modules() { # FOLDER NAME: where what its package-lock.json pins is now, below target/NAME
  local at=$ROOT/target/$2
  if ! cmp -s "$1/package-lock.json" "$at/package-lock.json" || [[ ! -e $at/node_modules/.package-lock.json ]]; then
    mkdir -p "$at"
    cp "$1"/package*.json "$at"
    npm ci --prefix "$at" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || return
  fi
  echo "$at/node_modules"
}

build_latchkey() { # unless that was done since the last change
  # The jar's own time is the one it is reproducible with; the jar it was made from has the time at which it was.
  [[ -e $ROOT/target/latchkey.jar && -e $ROOT/target/latchkey.jar.original
    && ! $(find "$ROOT/src/main" "$ROOT/pom.xml" -newer "$ROOT/target/latchkey.jar.original" -print -quit) ]] \
    || (cd "$ROOT" && ./mvnw -q -B -ntp package -Dmaven.test.skip)
}

remember() { # PID
  STARTED+=("$1")
}

stop_all() {
  local pid
  for pid in "${STARTED[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  for pid in "${STARTED[@]}"; do
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}

free_port() { # one of its own, so that nothing else on this machine is in the way
  local port
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

wait_for() { # URL [CURL_OPTION]: any answer of what was started last will do, with --fail only a good one
  local i
  for ((i = 0; i < 480; i++)); do
    curl -s ${2:+"$2"} -o /dev/null --max-time 2 "$1" && return
    kill -0 "${STARTED[-1]}" 2>/dev/null || break
    sleep 0.25
  done
  echo "Nothing answers at $1" >&2
  tail -n 20 "$work"/*.out >&2
  exit 1
}

launch_nginx() { # NAME: its configuration is NAME.conf; the pid is in $!
  nginx -p "$work" -c "$work/$1.conf" >"$work/$1.out" 2>&1 &
  remember $!
}

launch_redis() { # NAME PORT [OPTION...]: the pid is in $!
  redis-server --port "$2" --bind 127.0.0.1 --save '' --dir "$work" "${@:3}" >>"$work/$1.redis.out" &
  remember $!
  until redis-cli -p "$2" ping >/dev/null 2>&1; do sleep 0.1; done
}

status_of() { # CURL_ARGUMENT...
  curl -s -o /dev/null -w '%{http_code}' --max-time 30 "$@" || true
}

wait_until() { # SECONDS COMMAND...: prints how many seconds it took, or says that it did not come
  local began=$EPOCHREALTIME limit=$1
  shift
  until "$@"; do
    if awk "BEGIN { exit !($EPOCHREALTIME - $began > $limit) }"; then
      echo "not within $limit s: $*" >&2
      echo 9999
      return
    fi
    sleep 0.1
  done
  awk -v from="$began" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'
}
