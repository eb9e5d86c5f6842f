# shellcheck shell=bash
# Finds a Java new enough to run the gateway.

find_java() {
  local candidate version
  for candidate in ${BENCH_JAVA:+"$BENCH_JAVA"} ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java /usr/lib/jvm/*/bin/java; do
    version=$("$candidate" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || continue
    if ((${version:-0} >= 25)); then
      command -v "$candidate"
      return
    fi
  done
  echo "No java of 25 or newer found; set JAVA_HOME." >&2
  exit 1
}

jdk_tool() { # NAME ARGUMENT...: a program that lies beside $JAVA
  local name=$1
  shift
  "$(dirname "$(readlink -f "$JAVA")")/$name" "$@"
}

live_heap_kib() { # PID: what a full collection leaves
  jdk_tool jcmd "$1" GC.run >/dev/null
  jdk_tool jcmd "$1" GC.class_histogram | awk '$1 == "Total" { printf "%d", $3 / 1024 }'
}

threads_of() { # PID
  awk '$1 == "Threads:" { print $2 }' "/proc/$1/status"
}

files_of() { # PID: open descriptors
  local open=("/proc/$1/fd"/*)
  echo ${#open[@]}
}
