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
  echo "No java of 25 or newer found; set BENCH_JAVA." >&2
  exit 1
}
