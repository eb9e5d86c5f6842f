# shellcheck shell=bash
# Prints the medians of the measurements as one Markdown table per scenario.

report() { # FILE
  jq -rs '
    def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
      else (.[length / 2 - 1] + .[length / 2]) / 2 * 100 | round / 100 end;
    def of(f): map(f | values) | median;
    def cell: if . == null then "-" else tostring end;
    def row: "| " + (map(cell) | join(" | ")) + " |";
    def table(head): head, (head | map("---")) , .[] | row;
    def heading: "\n### \(.)\n";

    (group_by([.scenario, .case, .connections])[] | select(.[0].rps)
      | (.[0] | "\(.scenario): \(.case), \(.connections) connections" | heading),
        ([group_by(.gateway)[] | [.[0].gateway, of(.rps), of(.cpuUs), of(.redisUs),
            (of(.cpuUs) + of(.redisUs) | . * 10 | round / 10), of(.upstreamUs), of(.p50Ms), of(.p99Ms), of(.sampleP99Ms), of(.mib),
            of(.goodPerSecond), (map(.refused) | add), (map(.broken) | add)]]
          | sort_by(.[4])
          | table(["gateway", "req/s", "cpu us", "redis us", "sum us", "upstream us", "p50 ms", "p99 ms", "accepted p99 ms", "MiB",
              "good/s", "refused", "broken"]))),
    (map(select(.scenario == "slow100")) | select(length > 0)
      | ("slow100: a caller of an upstream that takes 100 ms" | heading),
        ([group_by(.gateway)[] | [.[0].gateway, of(.firstMs), of(.repeatMs), (map(.slowestRepeatMs) | max),
            of(.fasterPercent)]]
          | table(["gateway", "first ms", "repeat ms", "slowest repeat ms", "faster %"]))),
    (map(select(.scenario == "memory")) | select(length > 0)
      | ("memory" | heading),
        ([group_by(.gateway)[] | [.[0].gateway, of(.mib), of(.liveHeapMib)]]
          | table(["gateway", "MiB", "live heap MiB"]))),
    (map(select(.scenario == "big")) | select(length > 0)
      | ("big" | heading),
        ([.[] | [.size, .equal, .uploadSeconds, .downloadSeconds, .mostMib, .liveHeapMibBefore, .liveHeapMibAfter]]
          | table(["size", "equal", "upload s", "download s", "most MiB", "live heap MiB before", "after"])))
  ' "$1"
}
