# shellcheck shell=bash
# What both nginx alone and the whole stack are asked. $DOOR is https://HOST:PORT, TRUST what curl must know of its
# certificate; without it any will do.

FAILED=0
check() { # WHAT COMMAND...: a line for each, and what it said only when it fails
  local said
  if said=$("${@:2}" 2>&1); then
    echo "ok     $1"
  else
    echo "WRONG  $1"
    # shellcheck disable=SC2001  # each line of it
    if [[ $said ]]; then sed 's/^/         /' <<<"$said"; fi
    FAILED=$((FAILED + 1))
  fi
}

is() { # EXPECTED GOT
  [[ $2 == "$1" ]] || { echo "expected: $1"; echo "got:      $2"; return 1; }
}

ask() { # PATH [CURL_ARGUMENT...]
  curl -s "${TRUST[@]:--k}" --max-time 20 "$DOOR$1" "${@:2}"
}

status() { # PATH [CURL_ARGUMENT...]
  ask "$1" -o /dev/null -w '%{http_code}' "${@:2}"
}

field() { # NAME: of a JSON object on standard input
  jq -r ".$1"
}

# The table of docs/security.md is what must be there.
# shellcheck disable=SC2016
SECURITY_HEADERS=$(sed -n 's/^| `\([A-Z][A-Za-z-]*\)` | `\(.*\)` |$/\1: \2/p' "$ROOT/docs/security.md")

headers_once() { # PATH [CURL_ARGUMENT...]
  local answer name value
  answer=$(ask "$1" -D - -o /dev/null "${@:2}" | tr -d '\r')
  while IFS=: read -r name value; do
    is 1 "$(grep -ic "^$name:" <<<"$answer")" || { echo "$name, in: $answer"; return 1; }
    is "$value" "$(grep -i "^$name:" <<<"$answer" | cut -d: -f2-)" || { echo "of $name"; return 1; }
  done <<<"$SECURITY_HEADERS"
  is 1 "$(grep -ic '^x-correlation-id:' <<<"$answer")"
}

tls_speaks() { # VERSION: of openssl s_client
  openssl s_client "-$1" -cipher 'DEFAULT:@SECLEVEL=0' -connect "${DOOR#https://}" </dev/null 2>/dev/null \
    | grep -q 'Cipher is [A-Z]'
}

events_come_one_by_one() { # PATH [CURL_ARGUMENT...]: the first long before the last
  python3 - "$DOOR$1" "${@:2}" <<'PYTHON'
import subprocess, sys, time
curl = subprocess.Popen(["curl", "-skN", "--max-time", "20", *sys.argv[1:]], stdout=subprocess.PIPE)
times = [time.monotonic() for line in curl.stdout if line.startswith(b"data:")]
if len(times) != 3 or times[2] - times[0] < 0.8:
    sys.exit(f"{len(times)} events, {times and times[-1] - times[0]:.2f} s from first to last")
PYTHON
}

socket_opens() { # PATH [HEADER...]: is upgraded, and what goes in comes back
  python3 - "${DOOR#https://}" "$@" <<'PYTHON'
import socket, ssl, sys
host, _, port = sys.argv[1].partition(":")
context = ssl._create_unverified_context()
with context.wrap_socket(socket.create_connection((host, int(port)), timeout=20), server_hostname="localhost") as door:
    head = [f"GET {sys.argv[2]} HTTP/1.1", f"Host: {sys.argv[1]}", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *sys.argv[3:], "", ""]
    door.sendall("\r\n".join(head).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = door.recv(4096)
        if not piece:
            sys.exit(f"closed after {answer}")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 101"):
        sys.exit(answer.decode())
    door.sendall(b"there and back")
    back = b""
    while len(back) < 14:
        back += door.recv(4096) or sys.exit(f"closed after {back}")
PYTHON
}
