# shellcheck shell=bash
# What the scripts share that run the stack of docker-compose.yml: its settings, its containers, its door, and asking first.
# shellcheck disable=SC2034  # used by the scripts

NODES=(gateway1 gateway2)
ENV_FILE=$ROOT/.env
dry='' yes=''

common() { # OPTION: what each script understands
  case $1 in
    --dry-run) dry=yes ;;
    --yes) yes=yes ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
}

step() { # WHAT COMMAND...: says it, and does it unless this is a rehearsal
  if [[ $dry ]]; then
    echo "would: $1"
  else
    echo "$(date -u +%H:%M:%S) $1"
    "${@:2}"
  fi
}

confirm() { # WHAT: only "yes" is a yes
  local answer=''
  [[ -z $dry && -z $yes ]] || return 0
  echo "$1"
  read -rp 'Type yes to go on: ' answer || true
  [[ $answer == yes ]] || { echo "Nothing was done."; exit 1; }
}

fail() { # WHAT
  echo "$(basename "$0"): $1" >&2
  exit 1
}

tools() { # PROGRAM...
  local tool
  for tool; do command -v "$tool" >/dev/null || fail "$tool is missing"; done
}

quietly() { # COMMAND...: what it said only when it fails
  local said
  said=$("$@" 2>&1) || { echo "$said" >&2; return 1; }
}

await() { # SECONDS COMMAND...: until it says yes
  local end=$((SECONDS + $1))
  until "${@:2}"; do
    ((SECONDS < end)) || { echo "not within $1 s: ${*:2}" >&2; return 1; }
    sleep 0.3
  done
}

# ---- .env

setting() { # NAME [DEFAULT]
  local value
  value=$(sed -n "s/^$1=//p" "$ENV_FILE" 2>/dev/null | tail -n 1)
  printf '%s' "${value:-${2:-}}"
}

set_setting() { # NAME VALUE: the file is whole at any time, and belongs to whom it belonged
  local new
  new=$(mktemp "$ENV_FILE.XXXXXX")
  chmod --reference="$ENV_FILE" "$new"
  chown --reference="$ENV_FILE" "$new" 2>/dev/null || true
  # Not by sed: its arguments are seen by all, and this may be a secret.
  local line found=''
  while IFS= read -r line || [[ $line ]]; do
    if [[ $line == "$1="* ]]; then
      line=$1=$2 found=yes
    fi
    printf '%s\n' "$line"
  done <"$ENV_FILE" >"$new"
  [[ $found ]] || printf '%s=%s\n' "$1" "$2" >>"$new"
  mv "$new" "$ENV_FILE"
}

# ---- Containers

COMPOSE=(docker compose)
need_stack() {
  [[ -z $dry ]] || return 0
  tools docker curl jq openssl flock
  [[ -r $ENV_FILE ]] || fail "no .env here: docs/deployment.md"
  docker compose version >/dev/null 2>&1 || COMPOSE=(docker-compose)
  [[ $(container redis) ]] || fail "the stack does not run: docs/deployment.md"
}

compose() { (cd "$ROOT" && "${COMPOSE[@]}" "$@"); }

container() { # SERVICE: its id
  docker ps -aq --filter "label=com.docker.compose.project=$(setting COMPOSE_PROJECT_NAME "$(basename "$ROOT")")" \
    --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False | head -n 1
}

inspect() { docker inspect -f "$2" "$(container "$1")"; } # SERVICE TEMPLATE

redis() { # COMMAND...: as one line each on standard input, for arguments are seen by all
  {
    printf 'AUTH %s\n' "$(setting REDIS_PASSWORD)"
    printf '%s\n' "$@"
  } | docker exec -i "$(container redis)" env -u REDISCLI_AUTH redis-cli | tail -n +2
}

redis_info() { redis INFO | tr -d '\r' | sed -n "s/^$1://p"; } # FIELD

redis_answers() { [[ $(redis PING 2>/dev/null) == PONG ]]; }

is_ready() { timeout 15 docker exec "$(container "$1")" /opt/latchkey/ready >/dev/null 2>&1; } # NODE

is_refused_or_ready() { # NODE: a start that is refused is tried again and again, by Docker
  is_ready "$1" || (($(inspect "$1" '{{.RestartCount}}') > 1))
}

takes_part() { # NODE: the others know it, and it has all changes of keys
  admin /admin/nodes | jq -e --arg node "$1" '.items | any(.id == $node and .live and .behind == 0)' >/dev/null
}

renew() { # NODE: a new container of it, as .env says now; the other one serves meanwhile
  local other
  for other in "${NODES[@]}"; do
    [[ $other == "$1" ]] || is_ready "$other" || { echo "$other is not ready, so $1 must not stop" >&2; return 1; }
  done
  restart_node "$1"
}

restart_node() { # NODE
  quietly compose up -d --no-deps --no-build --force-recreate "$1"
  await "${READY_WITHIN:-180}" is_refused_or_ready "$1"
  is_ready "$1" || { echo "$1 does not start:" >&2; docker logs --tail 5 "$(container "$1")" >&2; return 1; }
  await 30 takes_part "$1"
  # nginx leaves a node that failed alone for a second.
  sleep 2
}

roll() { # one node after the other
  local node
  for node in "${NODES[@]}"; do
    step "$node is made anew" renew "$node"
  done
}

# ---- The door. One of these at a time changes the stack.

lock() {
  [[ -z $dry ]] || return 0
  # Held until the end, also by the scripts that this one calls.
  [[ ${LATCHKEY_OPS_LOCKED:-} ]] && return
  exec 8>"$ENV_FILE.lock"
  flock -n 8 || fail "another script changes this stack"
  export LATCHKEY_OPS_LOCKED=yes
}

door() { # sets URL and TRUST: this machine's own nginx, by a name that its certificate is for
  local name
  name=$(openssl x509 -in "$ROOT/nginx/certs/tls.crt" -noout -ext subjectAltName | sed -nE 's/.*(DNS|IP Address):([^, ]+).*/\2/p' | head -n 1)
  URL=https://$name
  TRUST=(--cacert "$ROOT/nginx/certs/tls.crt" --connect-to "::127.0.0.1:$(setting HTTPS_PORT 443)")
}

admin() { # PATH [CURL_ARGUMENT...]: as an operator
  [[ ${URL:-} ]] || door
  curl -s --max-time 30 "${TRUST[@]}" -H @<(printf 'Authorization: Bearer %s\n' "${ADMIN_TOKEN:-$(setting ADMIN_TOKEN)}") \
    -H 'Content-Type: application/json' "$URL$1" "${@:2}"
}

audit_is_whole() { admin /admin/audit/verify | jq -e .intact >/dev/null; }

keys_under() { # QUERY: how many keys, page by page
  local next='' page count=0
  while :; do
    page=$(admin "/admin/keys?limit=100&$1${next:+&cursor=$next}")
    count=$((count + $(jq '.items | length' <<<"$page")))
    next=$(jq -r '.next // empty' <<<"$page")
    [[ $next ]] || break
  done
  echo "$count"
}

CLOSED=$ROOT/nginx/closed/now.conf
reload_nginx() {
  quietly docker exec "$(container nginx)" nginx -e stderr -p /etc/latchkey -c nginx.conf -t -q
  quietly docker kill --signal HUP "$(container nginx)"
}
close_door() { # callers get 503 with Retry-After; /admin stays
  install -d -m 0755 "$(dirname "$CLOSED")"
  (umask 022 && echo 'return 503;' >"$CLOSED")
  reload_nginx
}
open_door() {
  rm -f "$CLOSED"
  reload_nginx
}

# ---- Images

DEPLOYED=$ROOT/.deployed

pin_image() { # the gateways' image by a name of its own, which no later build takes away
  local id
  id=$(inspect gateway1 '{{.Image}}')
  docker tag "$id" "latchkey:was-${id:7:12}"
  echo "latchkey:was-${id:7:12}"
}

remember_image() { # IMAGE: as the way back, if it is another one; those kept for earlier ways back go
  local old
  [[ $(docker image inspect -f '{{.Id}}' "$1") != "$(inspect gateway1 '{{.Image}}')" ]] || return 0
  echo "$1" >"$DEPLOYED"
  while read -r old; do
    [[ $old == "$1" || $old == "$(setting LATCHKEY_IMAGE)" ]] || docker rmi "$old" >/dev/null 2>&1 || true
  done < <(docker images --format '{{.Repository}}:{{.Tag}}' 'latchkey:was-*')
}

to_image() { # IMAGE: a node that does not serve first, for it has nothing to lose
  local node order=()
  set_setting LATCHKEY_IMAGE "$1"
  for node in "${NODES[@]}"; do
    if is_ready "$node"; then order+=("$node"); else order=("$node" "${order[@]}"); fi
  done
  for node in "${order[@]}"; do
    if [[ $(inspect "$node" '{{.Image}}') != "$(docker image inspect -f '{{.Id}}' "$1")" ]] || ! is_ready "$node"; then
      restart_node "$node"
    fi
  done
}

node_address() { inspect "$1" "{{range \$name, \$network := .NetworkSettings.Networks}}{{if eq \$name \"$(setting COMPOSE_PROJECT_NAME "$(basename "$ROOT")")_inside\"}}{{\$network.IPAddress}}{{end}}{{end}}"; } # NODE
